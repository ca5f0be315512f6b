"""As many threads compute heads as the edge has CPUs online, where that is set."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from hosts.agents.agent import Agent
from hosts.agents.edge import EdgeAgent
from hosts.models.runtimes.litert import heads as of_heads
from hosts.models.runtimes.litert.heads import LiteRtHeads
from hosts.wire.messages import RunReport, StartOrder
from tests.hosts.trees import cores


@pytest.fixture
def opened(monkeypatch) -> list[int | None]:
    """The threads of each head that is opened."""
    threads: list[int | None] = []

    def open_head(content: bytes, number: int | None) -> SimpleNamespace:
        threads.append(number)
        return SimpleNamespace(size_mb=1.0, threads=number)

    monkeypatch.setattr(of_heads, "cut_head", lambda *_: b"head")
    monkeypatch.setattr(of_heads, "_Head", open_head)
    return threads


def test_a_head_is_opened_anew_for_another_number_of_threads(opened):
    heads = LiteRtHeads({1: (Path("whole"), 1)}, 1, threads=4)
    for threads in (4, 4, 2, 2, 4):
        heads.threads = threads
        heads._head(1)
    assert opened == [4, 2, 4]


def test_a_run_order_with_a_number_of_cores_sets_threads(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNASPLIT_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("hosts.knobs.cpu_cores.granted_cpus", lambda: (0, 1, 2, 3))
    order = StartOrder(
        role="edge", knobs=("cpu_cores",), key_pem="", certificate_pem="", authority_pem=""
    )
    agent = Agent(order, cores(tmp_path))
    assert isinstance(agent.part, EdgeAgent)
    agent.part.heads = LiteRtHeads({}, 1)
    empty = RunReport(inferences=[], first=0, last=0, tensor_bytes=0)
    monkeypatch.setattr(agent.part, "run", lambda _: empty)
    for knobs in ({"cpu_cores": 2}, {}):
        agent.run(SimpleNamespace(board_ns=None, knobs=knobs, is_request=False))
        assert agent.part.heads.threads == 2
    agent.knobs.restore()
