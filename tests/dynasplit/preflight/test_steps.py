"""Steps in generated readings: found with their delay where they are, and nowhere else."""

import numpy as np
import pytest

from dynasplit.preflight.steps import find_step, update_s
from dynasplit.preflight.stimulus import TURNS_S

FINE_S = 0.01
LENGTH_S = sum(map(sum, TURNS_S))
SEEDS = range(4)


def spans():
    """Start and end of each load of a preflight."""
    at_s, found = 0.0, []
    for rest_s, load_s in TURNS_S:
        at_s += rest_s
        if load_s:
            found.append((at_s, at_s + load_s))
        at_s += load_s
    return found


def readings(seed, *, step_w=1.0, base_w=4.0, noise_w=0.07, likeness=0.0, **meter):
    """Times and watts of a meter: mean power of each period, late, smoothed, rounded."""
    period_s, lag_s = meter.get("period_s", 0.1), meter.get("lag_s", 0.0)
    random = np.random.default_rng(seed)
    fine_s = np.arange(-8, LENGTH_S + 8, FINE_S)
    on = sum(((fine_s - lag_s >= a) & (fine_s - lag_s < b)).astype(float) for a, b in spans())
    width = max(1, round(meter.get("average_s", 0.0) / FINE_S))
    late = np.convolve(on, np.ones(width) / width)[: on.size]
    true_w = base_w + step_w * late + meter.get("drift_w", 0.0) * fine_s / LENGTH_S
    joules = np.concatenate(([0.0], np.cumsum(true_w) * FINE_S))
    edges_s = np.append(fine_s, fine_s[-1] + FINE_S)
    times_s = np.arange(0.0, LENGTH_S, period_s) + random.uniform(0, period_s)

    def spent_j(at_s):
        return np.interp(at_s, edges_s, joules)

    watts = (spent_j(times_s + period_s / 2) - spent_j(times_s - period_s / 2)) / period_s
    chance = random.standard_normal(times_s.size)
    for i in range(1, chance.size):
        chance[i] = likeness * chance[i - 1] + np.sqrt(1 - likeness**2) * chance[i]
    watts = watts + noise_w * chance
    quantum_w = meter.get("quantum_w", 0.0)
    return times_s, np.round(watts / quantum_w) * quantum_w if quantum_w else watts


def step_of(seed, **how):
    times_s, watts = readings(seed, **how)
    return find_step(times_s, watts, how.get("period_s", 0.1), spans())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("noise_w", [0.003, 0.02, 0.15, 0.4])
@pytest.mark.parametrize("lag_s", [0.0, 0.3, 0.5, 1.1, 2.0, 3.5])
def test_a_step_is_found_with_its_delay_and_its_size(seed, noise_w, lag_s):
    found = step_of(seed, noise_w=noise_w, lag_s=lag_s, drift_w=0.2)
    assert found.is_certain
    assert found.delay_s == pytest.approx(lag_s, abs=0.15)
    assert found.step_w == pytest.approx(1.0, abs=0.2)
    assert found.noise_w == pytest.approx(noise_w, rel=0.5, abs=0.02)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("likeness", [0.0, 0.6, 0.95])
def test_no_step_is_found_in_noise(seed, likeness):
    for noise_w in (0.001, 0.3):
        found = step_of(seed, step_w=0.0, noise_w=noise_w, likeness=likeness, drift_w=0.5)
        assert not found.is_certain, found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mean_over_a_second_is_half_a_second_late(seed):
    found = step_of(seed, average_s=1.0, noise_w=0.04)
    assert found.is_certain
    assert found.delay_s == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lag_s", [0.0, 2.0])
def test_a_slow_meter_of_coarse_steps_is_told(seed, lag_s):
    found = step_of(seed, period_s=1.0, lag_s=lag_s, step_w=3.0, quantum_w=0.5, noise_w=0.1)
    assert found.is_certain
    assert found.delay_s == pytest.approx(lag_s, abs=0.25)


def test_a_step_that_noise_hides_is_known_to_be_hidden():
    found = step_of(0, step_w=0.1, noise_w=2.0)
    assert not found.is_certain
    assert found.least_told_w > 0.1


def test_another_pattern_than_that_of_the_load_is_no_step():
    times_s, watts = readings(0, noise_w=0.02)
    turned = [(LENGTH_S - b, LENGTH_S - a) for a, b in reversed(spans())]
    right = find_step(times_s, watts, 0.1, spans())
    wrong = find_step(times_s, watts, 0.1, turned)
    assert wrong.score < right.score / 10
    assert find_step(times_s, watts, 0.1, [(a + 60, b + 60) for a, b in spans()]) is None


def test_too_few_readings_tell_nothing_and_one_value_has_no_step():
    times_s, watts = readings(0, period_s=4.0)
    assert find_step(times_s, watts, 4.0, spans()) is None
    times_s, watts = readings(0)
    still = find_step(times_s, np.full_like(watts, 3.2), 0.1, spans())
    assert (still.is_certain, still.base_w) == (False, pytest.approx(3.2))


def test_the_rate_of_new_values_is_seen_through_repeated_ones():
    times_s, watts = readings(0, noise_w=0.05)
    assert update_s(times_s, watts) == pytest.approx(0.1)
    assert update_s(times_s, np.repeat(watts[::5], 5)[: watts.size]) == pytest.approx(0.5)
    assert update_s(times_s, np.full_like(watts, 1.0)) is None
