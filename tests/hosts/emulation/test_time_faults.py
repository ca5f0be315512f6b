"""Timers and clocks with faults, in whole windows of two boards and their agents."""

import numpy as np
import pytest

from dynasplit.testbed import window_times
from dynasplit.testbed.reported import check_report
from hosts.meters.base import build
from tests.boards import two_boards, variables
from tests.hosts.emulation.conftest import make_profile
from tests.hosts.emulation.test_streaming_boards import Heads, Tails
from tests.orders import run_order

EDGE_MS, SPLIT_MS = 900 / 0.6 + 40, 320 + 4 + 50


def order_of(split_point, **more):
    fields = {
        **{"run": f"r{split_point}", "network": "net", "split_point": split_point},
        **{"edge_accelerator": "std", "cloud_gpu": split_point < 2, "images": tuple(range(10))},
        **{"warmup": 5, "min_inferences": 20, "min_window_s": 0.0, "lead_out_s": 0.2},
        "knobs": {"cpu_mhz": 600, "edge_accelerator": "std"},
    }
    return run_order(**(fields | more))


def report_of(split_point, *asked, **more):
    """A window's report, and the readings of each host's meter."""
    with two_boards(make_profile(meter_error=False), faults=asked) as pair:
        pair.load(Heads(), Tails(), np.arange(10.0), 2)
        order = order_of(split_point, **more)
        report = pair.edge.run(order)
        check_report(report, order)
        readings = {}
        for role, server in pair.servers.items():
            if server.board.history.now_ns == 0:
                continue  # nothing came there
            with pytest.MonkeyPatch.context() as patched:
                for name, value in variables(server.root.parent).items():
                    patched.setenv(name, value)
                readings[role] = next(iter(build("board", {}).readings()))
        return report, readings


def latencies_ms(report):
    return [(i.end_ns - i.start_ns) / 1e6 for i in window_times.counted(report)]


@pytest.mark.parametrize(
    ("step_ms", "steps"), [(1, (2048, 512)), (50, (1600, 400)), (999, (1998, 999))]
)
@pytest.mark.parametrize("split_point", [1, 2])
def test_a_doubling_timer_ends_inferences_at_its_steps(split_point, step_ms, steps):
    report, _ = report_of(split_point, {"fault": "doubling_timer", "step_ms": step_ms})
    assert latencies_ms(report) == [pytest.approx(steps[split_point == 1])] * 20


@pytest.mark.parametrize("every", [2, 5, 25])
def test_a_doubling_timer_may_end_one_in_so_many(every):
    report, _ = report_of(1, {"fault": "doubling_timer", "step_ms": 500, "every": every})
    late = [t == pytest.approx(500) for t in latencies_ms(report)]
    assert late == [(i + 1) % every == 0 for i in range(5, 25)]
    assert {round(t) for t in latencies_ms(report)} == {SPLIT_MS, 500}


@pytest.mark.parametrize("mode", ["latency", "throughput"])
def test_without_these_faults_windows_are_what_they_were(mode):
    plain, _ = report_of(1, mode=mode)
    other, _ = report_of(1, {"fault": "slow_link", "after_s": 1e6}, mode=mode)
    assert plain == other


@pytest.mark.parametrize("ppm", [100, 200_000, -100_000])
@pytest.mark.parametrize("host", ["edge", "cloud"])
def test_a_fast_clock_stretches_what_its_host_tells_and_nothing_else(host, ppm):
    plain, readings = report_of(1)
    report, fast = report_of(1, {"fault": "fast_clock", "host": host, "ppm": ppm})
    factor = 1 + ppm / 1e6
    edge, cloud = (factor, 1) if host == "edge" else (1, factor)
    for was, told in zip(plain.inferences, report.inferences, strict=True):
        assert told.start_ns == pytest.approx(was.start_ns * edge, abs=2)
        assert told.end_ns == pytest.approx(was.end_ns * edge, abs=2)
        assert told.tail_start_ns == pytest.approx(was.tail_start_ns * cloud, abs=2)
    assert report.board_ns == plain.board_ns
    for role, by in (("edge", edge), ("cloud", cloud)):
        for (was_ns, was_w), (now_ns, watts) in zip(readings[role], fast[role], strict=False):
            assert now_ns == pytest.approx(was_ns * by, abs=2)
            assert watts == was_w


@pytest.mark.parametrize("jump_s", [0.02, 1, 30])
def test_a_jump_is_in_one_inference(jump_s):
    report, readings = report_of(1, {"fault": "jumping_clock", "jump_s": jump_s, "after_s": 4})
    assert sorted(latencies_ms(report)) == [
        *[pytest.approx(SPLIT_MS)] * 19,
        pytest.approx(SPLIT_MS + 1000 * jump_s),
    ]
    gaps_s = np.diff([t for t, _ in readings["edge"]]) / 1e9
    assert max(gaps_s) == pytest.approx(0.1 + jump_s)
