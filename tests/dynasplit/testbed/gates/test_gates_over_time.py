"""Gates on the agent's loop, the control, the warm-up and the cool-down; clocks on machines."""

import numpy as np
import pytest

from dynasplit.testbed.clock_offset import ClockOffset
from dynasplit.testbed.clocks import span
from dynasplit.testbed.gates._window import ClockSpan, ControlRuns, Cooled
from dynasplit.testbed.gates.base import gates
from hosts.wire.messages import Inference, RunReport
from hosts.wire.window_rules import WindowRules
from tests.dynasplit.testbed.gates.made_up import verdict, window


def report(each_ms: float, between_ms: float, count: int = 20, **more) -> RunReport:
    begins_ns = [round(i * (each_ms + between_ms) * 1e6) for i in range(count)]
    ends_ns = [begin + round(each_ms * 1e6) for begin in begins_ns]
    pairs = zip(begins_ns, ends_ns, strict=True)
    found = [Inference(0, begin, end, end, None, None, 0) for begin, end in pairs]
    return RunReport(inferences=found, first=1, last=count, tensor_bytes=0, **more)


def with_report(one: RunReport, **more):
    plain = window(**more)
    return type(plain)(**{**vars(plain), "report": one})


@pytest.mark.parametrize(
    ("each_ms", "between_ms", "share_pct"), [(100, 0.1, 0.1), (1, 0.1, 8.6), (0.2, 0.2, 48.6)]
)
def test_the_agent_s_own_loop_is_a_share_of_the_window(each_ms, between_ms, share_pct):
    found = verdict("loop_share", with_report(report(each_ms, between_ms)))
    assert found.found == pytest.approx(share_pct, abs=0.1)
    assert found.passed == (share_pct < 10)


def test_where_heads_overlap_there_is_no_time_between():
    assert verdict("loop_share", with_report(report(1, 0, mode="throughput"))) is None


@pytest.mark.parametrize(
    ("gained_ms", "uncertain_ms", "passes"),
    [(0, 1, True), (9, 0, True), (13, 5, True), (30, 1, False), (-30, 1, False), (30, 40, True)],
)
def test_what_a_clock_gains_beyond_what_exchanges_leave_open(gained_ms, uncertain_ms, passes):
    before = ClockOffset(10**12, round(uncertain_ms * 5e5), 0)
    after = ClockOffset(10**12 + round(gained_ms * 1e6), round(uncertain_ms * 5e5), 2 * 10**9)
    found = verdict("clock", window(clocks={"cloud": span(before, after)}))
    assert found.passed == passes
    if not passes:
        assert "the cloud host's clock" in found.words


def test_a_long_window_leaves_room_for_what_kernels_slew():
    assert verdict("clock", window(clocks={"edge": ClockSpan(100.05, 100.0)})).passed
    assert not verdict("clock", window(clocks={"edge": ClockSpan(100.07, 100.0)})).passed


def control(now_ms: float, now_j: float):
    runs = ControlRuns("split 1", {"latency_ms": 100.0, "edge_wall_j": 4.0}, {})
    now = {"latency_ms": now_ms, "edge_wall_j": now_j}
    return gates()["control_drift"]().check_control(type(runs)(runs.configuration, runs.first, now))


@pytest.mark.parametrize(
    ("now_ms", "now_j", "said"),
    [(102, 4.1, ""), (107, 4.0, "latency_ms"), (93, 4.0, "latency_ms"), (100, 4.8, "edge_wall_j")],
)
def test_a_control_that_drifts_is_named_with_what_drifts(now_ms, now_j, said):
    found = control(now_ms, now_j)
    assert found.passed == (not said)
    assert said in found.words


@pytest.mark.parametrize(("words", "passes"), [("", True), ("edge: 80 degrees", False)])
def test_hosts_that_stay_hot_are_told_with_the_time_waited(words, passes):
    found = verdict("cool_down", window(cooled=Cooled(12.0, 120.0, words)))
    assert (found.found, found.passed) == (12.0, passes)
    assert verdict("cool_down", window()) is None


@pytest.mark.parametrize(("step_pct", "passes"), [(0, True), (2, False), (-30, False)])
def test_a_warm_up_whose_last_thirds_differ_is_named(step_pct, passes):
    times_ms = 100 * np.ones(30)
    times_ms[20:] *= 1 + step_pct / 100
    ends_ns = np.cumsum(times_ms * 1e6).astype(int).tolist()
    starts_ns = [0, *ends_ns[:-1]]
    pairs = zip(starts_ns, ends_ns, strict=True)
    found = [Inference(0, start, end, end, None, None, 0) for start, end in pairs]
    told = RunReport(inferences=found, first=29, last=30, tensor_bytes=0)
    plain = with_report(told)
    assert verdict("not_warm", plain) is None  # it does not wait for it
    waits = type(plain)(**{**vars(plain), "rules": WindowRules(max_warmup_s=30.0)})
    assert verdict("not_warm", waits).passed == passes
