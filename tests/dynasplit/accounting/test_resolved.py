"""Joules of readings are divided within their periods, and every reading holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasplit.accounting._attribution import Claims, attribute
from dynasplit.accounting._resolved import Expected, Resolved
from dynasplit.core.power_trace import Trace

NONE = Expected(np.zeros((0, 2)), np.zeros(0), 5.0)


def read(course_w, period_s: float = 1.0, count: int = 10) -> Trace:
    """A meter of one reading a period, of power by the millisecond."""
    means = [course_w(np.arange(i, i + 1, 0.001) * period_s).mean() for i in range(count)]
    return Trace((np.arange(count) + 0.5) * period_s, np.array(means), period_s)


def test_a_short_request_within_a_reading_has_what_it_drew():
    def course_w(at_s):
        return np.where((at_s >= 4.2) & (at_s < 4.3), 90.0, 10.0)

    trace = read(course_w)
    expected = Expected(np.array([[4.2, 4.3]]), np.array([90.0]), 10.0)
    claims = Claims(np.array([[4.2, 4.3]]))
    resolved = attribute(Resolved.of(trace, expected), 0.5, 9.5, claims)
    assert resolved.requests_j == pytest.approx([9.0])
    assert attribute(trace, 0.5, 9.5, claims).requests_j < 0.3 * resolved.requests_j


def test_what_is_drawn_beyond_what_is_expected_is_divided_in_proportion():
    trace = Trace(np.arange(4) + 0.5, np.full(4, 20.0), 1.0)
    expected = Expected(np.array([[1.0, 1.5]]), np.array([15.0]), 5.0)
    found = Resolved.of(trace, expected).until_j(np.array([1.0, 1.5, 2.0]))
    assert np.diff(found) == pytest.approx([15.0, 5.0])


def test_without_anything_expected_power_is_even_within_readings():
    trace = Trace(np.arange(3) + 0.5, np.array([1.0, 2.0, 4.0]), 1.0)
    course = Resolved.of(trace, NONE)
    assert course.covers_s == (0.0, 3.0)
    assert course.until_j(np.array([0.0, 0.5, 1.0, 2.5, 3.0])) == pytest.approx([0, 0.5, 1, 5, 7])


@settings(max_examples=60, deadline=None)
@given(
    watts=st.lists(st.floats(0, 1e3), min_size=2, max_size=12),
    cuts=st.lists(st.floats(-2, 14), min_size=2, max_size=10, unique=True),
    expected_w=st.floats(0, 1e4),
    floor_w=st.floats(0, 1e3),
)
def test_every_reading_s_joules_are_kept(watts, cuts, expected_w, floor_w):
    trace = Trace(np.arange(len(watts)) + 0.5, np.array(watts), 1.0)
    ends = sorted(cuts)[: len(cuts) // 2 * 2]
    spans_s = np.array(ends).reshape(len(ends) // 2, 2)
    expected = Expected(spans_s, np.full(len(spans_s), expected_w), floor_w)
    until_j = Resolved.of(trace, expected).until_j(np.arange(len(watts) + 1.0))
    assert np.diff(until_j) == pytest.approx(watts, abs=1e-6)


def test_readings_at_the_same_time_divide_nothing_by_nothing():
    trace = Trace(np.array([0.5, 1.5, 1.5, 2.5]), np.array([1.0, 2.0, 2.0, 3.0]), 1.0)
    assert np.isfinite(Resolved.of(trace, NONE).known_j).all()
