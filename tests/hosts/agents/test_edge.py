"""How long a window lasts, on an edge whose inferences take what the test says."""

import itertools

import numpy as np
import pytest

from hosts.agents.edge import EdgeAgent
from hosts.codecs.base import Tensor
from hosts.core.errors import HostError
from hosts.machine.base import HeadTiming
from hosts.machine.real import RealMachine
from hosts.wire.messages import RunOrder
from tests.orders import run_order


class Paced(RealMachine):
    """Heads take the durations given, in turn, on a clock of its own."""

    def __init__(self, durations_ms) -> None:
        super().__init__()
        self.durations_ms = itertools.cycle(durations_ms)
        self.at_ns = 0

    def head(self, job, compute, encode):
        start_ns = self.at_ns
        self.at_ns += round(next(self.durations_ms) * 1e6)
        return HeadTiming(start_ns, self.at_ns, self.at_ns, None), encode(compute())


class Heads:
    load_ms = None

    def run_batch(self, split_point, images):
        return Tensor(np.eye(10, dtype=np.float32)[images.astype(int)])


def agent(durations_ms) -> EdgeAgent:
    made = EdgeAgent(Paced(durations_ms))
    made.heads, made.images, made.last_split_point = Heads(), np.arange(10.0), 3
    return made


def order(**more) -> RunOrder:
    fields = {
        "run": "r",
        "network": "n",
        "split_point": 3,
        "edge_accelerator": "off",
        "cloud_gpu": False,
        "knobs": {},
        "images": tuple(range(4)),
        "warmup": 5,
        "min_inferences": 10,
        "min_window_s": 2.1,
        "lead_out_s": 0.2,
    }
    return run_order(**(fields | more))


def test_a_window_holds_its_inferences_and_lasts_its_time_without_warmup_and_lead_out():
    report = agent([100.0]).run(order())
    inside = report.inferences[report.first : report.last]
    assert (report.first, len(inside)) == (5, 21)
    assert len(report.inferences) - report.last == 2
    assert [i.image for i in inside[:5]] == [0, 1, 2, 3, 0]
    assert [i.top1 for i in inside[:5]] == [0, 1, 2, 3, 0]
    assert report.tensor_bytes == 0


def test_slow_inferences_still_come_to_ten():
    report = agent([5000.0]).run(order())
    assert report.last - report.first == 10


def test_a_window_goes_on_until_the_confidence_interval_is_narrow():
    steady = agent([100.0, 101.0]).run(order(relative_ci=0.01))
    assert steady.last - steady.first == 21
    spread = agent([80.0, 120.0]).run(order(relative_ci=0.02))
    count = spread.last - spread.first
    assert 300 < count < 450  # (1.96 * 0.2 / 0.02) ** 2 = 384
    bounded = agent([80.0, 120.0]).run(order(relative_ci=0.02, max_inferences=50))
    assert bounded.last - bounded.first == 50


def test_a_split_run_needs_the_cloud():
    with pytest.raises(HostError, match="before the edge was connected"):
        agent([1.0]).run(order(split_point=1))


def test_a_run_needs_a_network():
    with pytest.raises(HostError, match="before a network was loaded"):
        EdgeAgent(Paced([1.0])).run(order())


def test_batches_are_whole_and_done_together():
    report = agent([100.0]).run(order(batch_size=4, images=tuple(range(6))))
    inside = report.inferences[report.first : report.last]
    assert (report.first, report.batch_size, len(inside)) == (8, 4, 84)  # 21 batches of 100 ms
    assert [i.image for i in inside[:9]] == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert [i.top1 for i in inside[:9]] == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert len({i.end_ns for i in inside[:4]}) == 1 < len({i.end_ns for i in inside[:5]})


def test_throughput_mode_counts_from_the_result_before_the_window():
    report = agent([100.0, 101.0]).run(order(mode="throughput", relative_ci=0.01, warmup=1))
    assert (report.mode, report.first, report.last - report.first) == ("throughput", 3, 21)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mode": "fast"}, "mode 'fast' asked; allowed: latency, throughput"),
        ({"batch_size": 0}, "batch_size 0 asked"),
        ({"codec": "gzip"}, "codec 'gzip' found; allowed: none, lz4"),
    ],
)
def test_what_a_run_cannot_be_is_refused(wrong, said):
    with pytest.raises(HostError, match=said):
        agent([1.0]).run(order(**wrong))
