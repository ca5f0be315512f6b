"""Gates on a meter's readings: frozen, repeated, negative, impossible."""

import numpy as np
import pytest

from tests.dynasplit.testbed.gates.made_up import after, host, noisy, verdict, window

WORKING = noisy(4.0, seed=1)


# frozen


@pytest.mark.parametrize("watts", [0.5, 4.0, 900.0])
@pytest.mark.fault(
    group="meters",
    fault="a meter that repeats its last value, whatever its host does",
    seen="`all 27 readings since the window before are`, measured again, then given up by name",
)
def test_equal_readings_from_idling_to_the_window_s_end_are_a_frozen_meter(watts):
    found = verdict("frozen", window(host([watts] * 24, before=[watts] * 3)))
    assert not found.passed
    assert found.words == (
        f"edge wall: all 27 readings since the window before are {watts:g} W; a meter that works "
        "follows its host from idling to working: restart it"
    )
    assert found.found == 100


def test_a_meter_without_noise_may_give_one_value_while_its_host_works():
    assert verdict("frozen", window(host([4.0] * 24, before=[2.0, 2.0, 2.0]))).passed
    partly = [2.0, 3.7, 4.0]  # one reading that is of both
    assert verdict("frozen", window(host([4.0] * 24, before=partly))).passed


@pytest.mark.parametrize(("stuck", "passes"), [(6, True), (14, False), (23, False)])
def test_a_meter_with_noise_that_stops_within_the_window_is_found(stuck, passes):
    readings = [*WORKING[: 24 - stuck], *[WORKING[-1]] * stuck]
    found = verdict("frozen", window(host(readings, before=noisy(2.0, count=20))))
    assert found.found == pytest.approx(100 * stuck / 24, abs=5)
    assert found.passed == passes
    if not passes:
        assert "readings in a row are equal, while it has noise; at most 50 % may be" in found.words


def test_the_bar_of_a_row_is_an_option():
    readings = [*WORKING[:18], *[WORKING[-1]] * 6]
    one = window(host(readings, before=noisy(2.0, count=20)))
    assert not verdict("frozen", one, max_pct=20.0).passed
    assert verdict("frozen", one, max_pct=None).passed


def test_the_cloud_s_meter_is_looked_at_too():
    stuck = host([840.0] * 24, before=[840.0] * 5)
    assert verdict("frozen", window(cloud=stuck)).words.startswith("cloud wall: all 29 readings")


# repeated


@pytest.mark.parametrize(("kept", "passes"), [(24, False), (12, False), (4, True)])
@pytest.mark.fault(
    group="meters",
    fault="a buffer of readings that is played again",
    seen="`of its readings are those of the window before, in their order`, measured again",
)
def test_readings_of_the_window_before_in_their_order_are_a_buffer(kept, passes):
    fresh = noisy(4.0, seed=5)
    again = [*WORKING[-kept:], *fresh[kept:]]
    one = after(window(host(WORKING)), window(host(again), latencies_ms=noisy(100, seed=9)))
    found = verdict("repeated", one)
    assert found.passed == passes
    assert found.found == pytest.approx(100 * kept / 24 if kept >= 6 else 0)
    if not passes:
        assert "of its readings are those of the window before, in their order" in found.words


def test_a_constant_trace_of_a_meter_without_noise_is_no_buffer():
    one = after(window(host([4.0] * 24)), window(host([4.0] * 24), latencies_ms=[99.0] * 24))
    assert (verdict("repeated", one).passed, verdict("repeated", one).found) == (True, 0)
    two = host([4.0, 2.0] * 12)  # computing and waiting
    one = after(window(two), window(two, latencies_ms=[99.0] * 24))
    assert verdict("repeated", one).passed


def test_a_board_without_noise_repeats_its_work_and_so_its_readings():
    assert verdict("repeated", after(window(host(WORKING)), window(host(WORKING)))) is None
    assert verdict("repeated", window(host(WORKING))) is None  # the first window


# negative


@pytest.mark.parametrize("watts", [-0.01, -3.0, -900.0])
@pytest.mark.fault(
    group="meters",
    fault="one channel of several reads below zero",
    seen="`W read; at least 0 W` with host and channel, measured again",
)
def test_one_reading_below_zero_is_named_by_its_channel(watts):
    readings = WORKING.copy()
    readings[5] = watts
    found = verdict("negative", window(host(readings)))
    assert found.words == f"edge wall: {watts:g} W read; at least 0 W"
    assert found.found == watts


def test_no_power_at_all_is_not_below_zero():
    readings = WORKING.copy()
    readings[5] = 0.0
    assert verdict("negative", window(host(readings))).passed
    assert verdict("negative", window(host(readings)), min_w=0.1).passed is False


# impossible


@pytest.mark.parametrize(("times", "passes"), [(5, True), (25, False), (1000, False)])
@pytest.mark.fault(
    group="meters",
    fault="a spike, or an error of units, in one reading",
    seen="`W read; at most ... W may be` with host and channel, measured again",
)
def test_a_spike_above_twenty_times_what_the_channel_shows_is_impossible(times, passes):
    readings = WORKING.copy()
    readings[10] = 4.0 * times
    found = verdict("impossible", window(host(readings)))
    assert found.passed == passes
    assert found.found == 4.0 * times
    if not passes:
        assert found.words.startswith(f"edge wall: {4.0 * times:g} W read; at most ")
        assert found.words.endswith(" W may be")


@pytest.mark.parametrize(("watts", "passes"), [(45.0, True), (100.0, False), (4000.0, False)])
def test_a_whole_window_is_held_against_the_one_before(watts, passes):
    one = after(window(host(WORKING)), window(host(noisy(watts, seed=3))))
    assert verdict("impossible", one).passed == passes


def test_a_power_that_is_stated_is_the_bar():
    assert not verdict("impossible", window(), max_w=3.5).passed
    assert verdict("impossible", window(), max_w=30.0).passed


def test_gates_of_meters_say_nothing_of_hosts_without_one():
    none = window(edge=host(np.array([])))
    for name in ("frozen", "negative", "impossible"):
        assert verdict(name, none) is None
