"""Clocks with faults, at several magnitudes: the gate names them, or no figure is off."""

import pytest

from dynasplit.testbed import window_times
from dynasplit.testbed.clocks import span_of_board
from dynasplit.testbed.gates._window import IdleWindow
from tests.dynasplit.testbed.gates.made_up import host, idle_verdict, verdict, window
from tests.hosts.emulation.test_time_faults import latencies_ms, report_of

HARMLESS = 0.005
"""Share by which a median latency or a window's length may be off without being named."""


def seen(report):
    found = window(host([4.0] * 24), clocks=span_of_board(report))
    return verdict("clock", type(found)(**{**vars(found), "report": report}))


def off(report, plain) -> float:
    """The greatest share by which figures differ from those without the fault."""
    middle = sorted(latencies_ms(report))[10] / sorted(latencies_ms(plain))[10] - 1
    lengths = []
    for window_ns in (window_times.edge_window_ns, window_times.cloud_window_ns):
        (start_ns, end_ns), (begin_ns, stop_ns) = window_ns(report), window_ns(plain)
        lengths.append((end_ns - start_ns) / (stop_ns - begin_ns) - 1)
    return max(abs(share) for share in (middle, *lengths))


@pytest.mark.parametrize(
    ("fault", "is_named"),
    [
        *[({"fault": "fast_clock", "ppm": ppm}, ppm >= 10_000) for ppm in (100, 1_000, 10_000)],
        ({"fault": "fast_clock", "ppm": -10_000}, True),
        ({"fault": "fast_clock", "ppm": 200_000}, True),
        *[
            ({"fault": "jumping_clock", "jump_s": s, "after_s": 4}, s >= 0.02)
            for s in (0.005, 0.02, 1, 30)
        ],
    ],
)
@pytest.mark.parametrize("role", ["edge", "cloud"])
def test_a_clock_is_named_or_harmless(fault, is_named, role):
    plain, _ = report_of(1)
    report, _ = report_of(1, fault | {"host": role})
    assert seen(plain).passed
    found = seen(report)
    assert not found.passed if is_named and role == "edge" else True
    assert not found.passed or off(report, plain) <= HARMLESS


@pytest.mark.parametrize(("gained_s", "passes"), [(0.005, True), (0.1, False), (-0.1, False)])
def test_an_idle_window_s_clock_is_judged_too(gained_s, passes):
    from dynasplit.testbed.gates._window import ClockSpan

    idle = IdleWindow("edge", host([4.0] * 24).traces, 4.0, clock=ClockSpan(60 + gained_s / 1, 60))
    assert idle_verdict("clock", idle).passed == passes
