"""What a window leaves open: noise as it is, edges where they cut, nothing where power is even."""

from dataclasses import replace

import numpy as np
import pytest

from dynasplit.core.power_trace import Trace
from dynasplit.uncertainty.window import Course, left_open

LENGTH_S, PERIOD_S = 10.0, 0.1


def trace(course: Course, step_w: float, noise_w: float = 0.0, **more) -> Trace:
    """Means of each period, of 5 W while it waits and more while it computes."""
    times_s = np.arange(-2 * PERIOD_S, LENGTH_S + 2 * PERIOD_S, PERIOD_S) + 0.03
    watts = 5.0 + step_w * course.shares(times_s, PERIOD_S)
    watts += noise_w * np.random.default_rng(3).standard_normal(len(times_s))
    return Trace(times_s, watts, PERIOD_S, **more)


def computing(cycle_s: float, share: float) -> Course:
    starts_s = np.arange(-1.0, LENGTH_S + 1.0, cycle_s)
    return Course(np.stack([starts_s, starts_s + share * cycle_s], axis=1), LENGTH_S, 5.0)


def test_even_power_leaves_nothing_open():
    assert left_open(
        trace(Course(np.zeros((0, 2)), LENGTH_S, 5.0), 0.0),
        Course(np.zeros((0, 2)), LENGTH_S, 5.0),
        PERIOD_S,
    ) == (0.0, 0.0, 0.0)


def test_noise_is_that_of_the_sum_of_readings():
    course = Course(np.array([[-1.0, LENGTH_S + 1.0]]), LENGTH_S, None)
    found = left_open(trace(course, 0.0, noise_w=0.2), course, PERIOD_S)
    expected_j = 0.2 * PERIOD_S * np.sqrt(LENGTH_S / PERIOD_S)
    assert found.normal == pytest.approx(expected_j, rel=0.15)
    assert (found.even, found.swing) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_what_readings_follow_is_no_noise():
    course = computing(0.437, 0.3)
    found = left_open(trace(course, 2.0), course, PERIOD_S)
    assert 0 < max(found) < 2.0 * 0.437 * 0.3  # less than one cycle's surplus


def test_edges_count_for_more_where_more_is_drawn():
    course = computing(0.437, 0.3)
    small, great = (max(left_open(trace(course, w), course, PERIOD_S)) for w in (1.0, 4.0))
    assert great == pytest.approx(4 * small, rel=1e-6)


def test_a_clock_that_is_not_known_moves_edges():
    starts_s = np.array([[0.0, LENGTH_S / 2]])  # busy at its start, idle at its end
    course = Course(starts_s, LENGTH_S, 5.0)
    one = trace(course, 3.0)
    apart = left_open(replace(one, uncertain_s=0.5), course, PERIOD_S)
    together = left_open(one, course, PERIOD_S)
    assert max(apart) > 5 * max(together)


def test_power_that_no_reading_saw_is_not_taken_as_known():
    """Readings of an instant each, all between the short times of computing."""
    course = computing(1.0, 0.02)
    times_s = np.arange(-1.5, LENGTH_S + 1.5, 1.0)
    blind = Trace(times_s, np.full(len(times_s), 5.0), 1.0)
    found = left_open(blind, course, 0.0)
    assert max(found) > 0.02
