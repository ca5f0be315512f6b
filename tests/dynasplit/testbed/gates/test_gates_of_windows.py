"""Gates on a window's own course: steady, energy_ci, timer; and on idle baselines."""

import numpy as np
import pytest

from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.gates._spread import half_ci
from dynasplit.testbed.gates._window import IdleWindow
from tests.dynasplit.testbed.gates.made_up import (
    host,
    idle_verdict,
    noisy,
    trace,
    verdict,
    window,
)

# steady


@pytest.mark.parametrize(("step_pct", "passes"), [(3, True), (15, False), (100, False)])
def test_a_latency_that_steps_within_the_window_is_not_steady(step_pct, passes):
    times_ms = noisy(100.0, seed=2)
    times_ms[12:] *= 1 + step_pct / 100
    found = verdict("steady", window(latencies_ms=times_ms))
    assert found.passed == passes
    if not passes:
        assert found.words.startswith("latency changes by +")


@pytest.mark.parametrize(("step_pct", "passes"), [(-3, True), (-25, False), (-60, False)])
def test_power_that_falls_within_the_window_is_not_steady(step_pct, passes):
    watts = noisy(4.0, seed=2)
    watts[12:] *= 1 + step_pct / 100
    found = verdict("steady", window(host(watts)))
    assert found.passed == passes
    if not passes:
        assert found.words.startswith("edge wall changes by -")


def test_what_alternates_or_scatters_is_steady():
    alternating = host(np.tile([4.0, 4.0, 2.5], 8))
    assert verdict("steady", window(alternating)).passed
    false = [verdict("steady", window(latencies_ms=noisy(100, 10, 12, s))) for s in range(200)]
    assert sum(not found.passed for found in false) == 0


def test_too_few_inferences_are_not_judged():
    few = window(host([4.0] * 4), latencies_ms=[100.0] * 4)
    assert verdict("steady", few) is None


# energy_ci


@pytest.mark.parametrize(("pct", "passes"), [(1, True), (30, True), (300, False)])
def test_the_energy_s_interval_follows_its_readings_spread(pct, passes):
    watts = noisy(4.0, pct, 100, seed=4)
    found = verdict("energy_ci", window(host(watts), energy_j=4.0 * 10 / 24))
    assert found.passed == passes
    assert 0.5 < found.found / (1.96 * pct / 10) < 2
    assert found.longer is not passes


def test_the_interval_holds_the_mean_as_often_as_it_says():
    def covers(seed: int, resembling: float) -> bool:
        random = np.random.default_rng(seed)
        noise, values = 0.0, []
        for fresh in random.standard_normal(400):
            noise = resembling * noise + fresh
            values.append(10 + noise)
        return abs(float(np.mean(values)) - 10) <= half_ci(values)

    for resembling, least in ((0.0, 0.90), (0.8, 0.85)):
        assert np.mean([covers(s, resembling) for s in range(400)]) >= least
    assert half_ci([1.0] * 7) is None


# timer


@pytest.mark.parametrize(("slow", "passes"), [(2, True), (4, False), (11, False)])
def test_outliers_are_counted_and_told_by_size(slow, passes):
    times_ms = noisy(100.0, seed=6)
    times_ms[:slow] = 300.0
    found = verdict("timer", window(latencies_ms=times_ms), mean_pct=None)
    assert found.passed == passes
    assert found.found == pytest.approx(100 * slow / 24)
    assert found.further["timer_above_pct"] == pytest.approx(200, abs=5)
    if not passes:
        assert "of the inferences took" in found.words


@pytest.mark.parametrize("slow_ms", [110.0, 140.0])
def test_what_is_not_far_above_the_median_is_no_outlier(slow_ms):
    found = verdict("timer", window(latencies_ms=[100.0] * 10 + [slow_ms] * 2))
    assert (found.found, dict(found.further)) == (0, {})


def test_few_outliers_that_are_far_enough_to_move_the_mean_are_told():
    times_ms = [100.0] * 95 + [1000.0] * 5
    found = verdict("timer", window(latencies_ms=times_ms))
    assert found.found == pytest.approx(5)
    assert "raise the mean latency by 45 %" in found.words
    assert verdict("timer", window(latencies_ms=[100.0] * 98 + [200.0] * 2)).passed
    assert verdict("timer", window(latencies_ms=times_ms), mean_pct=None).passed


@pytest.mark.parametrize(("slow_ms", "passes"), [(105.0, True), (125.0, True), (135.0, False)])
def test_slow_ones_that_are_not_far_count_for_the_mean(slow_ms, passes):
    """One of ten that is a third slower raises the energy by as much as one that is ten times."""
    found = verdict("timer", window(latencies_ms=[*[100.0] * 18, slow_ms, slow_ms]))
    assert (found.passed, found.found, dict(found.further)) == (passes, 0, {})
    if not passes:
        assert found.words.startswith("2 of 20 inferences raise the mean latency by 4 %")


# idle baselines


def idle(watts, load_pct=None, before_w=None) -> IdleWindow:
    traces = HostTraces({"wall": trace(watts)}, ("wall",), 0.1 * len(watts))
    return IdleWindow("edge", traces, float(np.mean(watts)), load_pct, before_w)


@pytest.mark.parametrize(("step_pct", "passes"), [(2, True), (8, False), (80, False)])
def test_an_idle_power_that_changes_is_no_baseline(step_pct, passes):
    watts = noisy(2.5, 0.5, 100)
    watts[50:] *= 1 + step_pct / 100
    found = idle_verdict("idle_steady", idle(watts))
    assert found.passed == passes
    if not passes:
        assert "edge wall: idle power changes by +" in found.words


@pytest.mark.parametrize(("load_pct", "passes"), [(None, None), (3, True), (6, False), (90, False)])
def test_who_works_while_idle_power_is_measured_is_told(load_pct, passes):
    found = idle_verdict("idle_load", idle(noisy(2.5), load_pct))
    assert (found and found.passed) == passes


@pytest.mark.parametrize(("before_w", "passes"), [(None, None), (2.45, True), (2.2, False)])
def test_the_drift_of_idle_power_is_told(before_w, passes):
    found = idle_verdict("idle_drift", idle([2.5] * 20, before_w=before_w))
    assert (found and found.passed) == passes
    if passes is False:
        assert found.words == (
            "edge: idle power was 2.2 W and is 2.5 W, +13.6 %; at most 5 % may be"
        )
