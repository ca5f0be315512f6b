"""The edge agent runs compiled heads while the accelerator is open, and others while it is off."""

from pathlib import Path

import numpy as np
import pytest

from hosts.agents.edge import EdgeAgent
from hosts.coral.program import CPU
from hosts.core.errors import ModelError
from hosts.models.runtimes.litert.heads import LiteRtHeads
from hosts.wire.messages import RunOrder
from tests.hosts.trees import RealOnTree
from tests.orders import run_order

IMAGES = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)


@pytest.fixture
def agent(whole):
    made = EdgeAgent(RealOnTree(Path("/"), CPU))
    made.heads, made.images, made.last_split_point = LiteRtHeads({1: (whole, 1)}, 1), IMAGES, 1
    yield made
    made.machine.opened_accelerator().close()


def order(mode: str) -> RunOrder:
    return run_order(
        run="r",
        network="tiny",
        split_point=1,
        edge_accelerator=mode,
        cloud_gpu=False,
        knobs={},
        images=(0, 1, 2, 3),
        warmup=1,
        min_inferences=4,
        min_window_s=0.0,
        lead_out_s=0.0,
    )


def test_both_give_the_same_answers_and_the_accelerated_ones_come_from_its_program(agent, whole):
    plain = agent.run(order("off"))
    with pytest.raises(ModelError, match="compiled heads here: none"):
        agent.run(order("std"))
    agent.machine.hold_compiled(1, whole)
    agent.machine.opened_accelerator().open("std")
    accelerated = agent.run(order("std"))
    assert [i.top1 for i in accelerated.inferences] == [i.top1 for i in plain.inferences]
    agent.machine.opened_accelerator().close()
    agent.run(order("off"))  # needs no accelerator
