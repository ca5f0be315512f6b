"""Gates on what is felt of a frequency, and on readings that come late."""

import dataclasses

import pytest

from dynasplit.testbed.loop_cycles import LoopCycles, cycles_of
from hosts.wire.samples import HostSample
from tests.dynasplit.testbed.gates.made_up import host, noisy, verdict, window
from tests.dynasplit.testbed.test_meter_delay import campaign, readings

WATTS = noisy(4.0, seed=1)


def looped(*loops_ns: float | None) -> list[HostSample]:
    return [HostSample(time_ns=i, loop_ns=ns) for i, ns in enumerate(loops_ns)]


@pytest.mark.parametrize(
    ("loops_ns", "mhz", "cycles"),
    [
        ((50.0, None, 49.0), 1800, 88.2),
        ((150.0, 900.0), 600, 90.0),  # something came between
        ((None, None), 600, None),
        ((40.0,), 2201, None),  # turbo is no one frequency
    ],
)
def test_cycles_are_those_of_the_quickest_loop(loops_ns, mhz, cycles):
    assert cycles_of(looped(*loops_ns), {"cpu_mhz": mhz}) == (cycles and pytest.approx(cycles))
    assert cycles_of(looped(*loops_ns), {}) is None


def test_usual_are_the_median_of_all_windows_so_far():
    seen = LoopCycles()
    assert seen.usual("edge") is None
    for cycles in (90.0, None, 30.0, 91.0):
        seen.add("edge", cycles)
    assert (seen.usual("edge"), seen.usual("cloud")) == (90.0, None)


@pytest.mark.parametrize(("cycles", "passes"), [(91.0, True), (80.0, False), (270.0, False)])
@pytest.mark.fault(
    group="hosts",
    fault="a CPU that computes at another frequency than its files say",
    seen="`cycles than usual`, and the window is flagged",
)
def test_a_frequency_that_is_not_felt_is_named(cycles, passes):
    edge = dataclasses.replace(
        host(WATTS, knobs={"cpu_mhz": 600}), cycles=cycles, usual_cycles=90.0
    )
    found = verdict("felt", window(edge))
    assert found.passed == passes
    if not passes:
        more = "11 % fewer" if cycles < 90 else "200 % more"
        assert f"edge: at 600 MHz a loop takes {more} cycles than usual" in found.words


def test_without_another_window_nothing_is_felt():
    assert verdict("felt", window(dataclasses.replace(host(WATTS), cycles=90.0))) is None
    assert verdict("felt", window()) is None


@pytest.mark.parametrize(("late_s", "passes"), [(0.0, True), (0.3, True), (1.5, False)])
@pytest.mark.fault(
    group="meters",
    fault="a meter whose readings are older, or smoothed over longer, than it says",
    seen="`later than the host's work`, and the window is flagged",
)
def test_a_late_meter_is_named(late_s, passes):
    runs = campaign()
    edge = dataclasses.replace(
        host(WATTS), history={"wall": readings(runs, late_s=late_s)}, runs=runs
    )
    found = verdict("late", window(edge))
    assert found.passed == passes
    if not passes:
        assert "edge wall: its readings are 1.5 s later than the host's work" in found.words


def test_without_runs_nothing_is_late():
    assert verdict("late", window()) is None
