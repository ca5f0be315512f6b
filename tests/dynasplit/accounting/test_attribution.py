"""Joules of a stretch are the requests', switching's, or nobody's: they add up, and are divided."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasplit.accounting._attribution import Claims, attribute
from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace


def even(watts: float = 10.0, until_s: float = 10.0) -> Trace:
    times_s = np.linspace(0, until_s, 101)
    return Trace(times_s, np.full(101, watts), until_s / 100)


def spans(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def test_where_requests_overlap_each_has_an_equal_part():
    found = attribute(even(), 0, 10, Claims(spans((1, 5), (3, 7), (4, 5))))
    assert found.requests_j == pytest.approx([20 + 5 + 10 / 3, 5 + 10 / 3 + 20, 10 / 3])
    assert found.nobody_j == pytest.approx(40)


def test_by_active_idle_power_is_nobody_s():
    found = attribute(even(), 0, 10, Claims(spans((1, 5)), idle_share=0.0, idle_w=8.0))
    assert found.requests_j == pytest.approx([8.0])
    assert found.nobody_j == pytest.approx(92.0)


def test_by_shared_a_part_of_idle_power_is_paid_from_arrival_to_answer():
    claims = Claims(spans((1, 2)), spans((0, 5)), 0.25, 8.0)
    found = attribute(even(), 0, 10, claims)
    assert found.requests_j == pytest.approx([1 * 2 + 0.25 * 8 * 5])


def test_switching_is_a_share_of_its_own_whoever_waits():
    found = attribute(even(), 0, 10, Claims(spans((1, 5)), switching_s=spans((0.5, 2), (6, 7))))
    assert found.switching_j == pytest.approx(25)
    assert found.requests_j == pytest.approx([30])


def test_of_requests_at_the_edges_what_lies_inside_counts():
    found = attribute(even(), 2, 4, Claims(spans((0, 3), (3, 9), (8, 9))))
    assert found.requests_j == pytest.approx([10, 10, 0])
    assert found.metered_j == pytest.approx(20)


times = st.tuples(st.floats(-2, 12), st.floats(0, 6)).map(lambda p: (p[0], p[0] + p[1]))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(times, max_size=8),
    st.lists(times, max_size=3),
    st.floats(0, 1),
    st.lists(st.floats(0, 50), min_size=12, max_size=12),
)
def test_over_any_stretch_all_parts_add_up(requests, switches, share, watts):
    trace = Trace(np.linspace(0, 11, 12), np.array(watts), 1.0)
    paying = spans(*((a, b + 1) for a, b in requests))
    claims = Claims(spans(*requests), paying, share, 3.0, spans(*switches))
    whole = attribute(trace, 0.5, 10.5, claims)
    parts = [attribute(trace, *at, claims) for at in ((0.5, 4.2), (4.2, 10.5))]
    said_j = whole.requests_j.sum() + whole.switching_j + whole.nobody_j
    assert said_j == pytest.approx(whole.metered_j, abs=1e-6)
    assert whole.metered_j == pytest.approx(
        trace.energy_j(0.5, 10.5, min_samples=1, max_gap_periods=3), abs=1e-6
    )
    for name in ("requests_j", "switching_j", "nobody_j"):
        together = getattr(parts[0], name) + getattr(parts[1], name)
        assert together == pytest.approx(getattr(whole, name), abs=1e-6)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"idle_share": 1.5, "idle_w": 1.0}, "a share of 1.5"),
        ({"idle_share": 0.0}, "is not known"),
        ({"paying_s": spans((0, 1)), "idle_w": 1.0}, "2 requests occupy"),
        ({"switching_s": spans((2, 1))}, "ends before it begins"),
    ],
)
def test_what_cannot_be_divided_is_refused(claims, words):
    with pytest.raises(ConfigurationError, match=words):
        Claims(spans((0, 1), (1, 2)), **claims)


def test_a_stretch_without_readings_is_refused():
    with pytest.raises(WindowInvalid, match="do not cover"):
        attribute(even(), 5, 11, Claims(spans()))
