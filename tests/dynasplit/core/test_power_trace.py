"""Clipping and integrating power traces."""

import numpy as np
import pytest

from dynasplit.core.errors import WindowInvalid
from dynasplit.core.power_trace import Trace

RULES = {"min_samples": 5, "max_gap_periods": 3}


def trace(times_s, watts, period_s=0.1) -> Trace:
    return Trace(np.asarray(times_s, float), np.asarray(watts, float), period_s)


def test_a_constant_power_gives_power_times_time():
    times_s = np.arange(0.05, 3, 0.1)
    flat = trace(times_s, np.full(times_s.size, 7.0))
    assert flat.energy_j(0.52, 2.47, **RULES) == pytest.approx(7.0 * (2.47 - 0.52))


def test_the_edges_are_interpolated_on_a_ramp():
    times_s = np.arange(0.0, 3, 0.1)
    ramp = trace(times_s, 2 * times_s)
    assert ramp.energy_j(0.53, 2.31, **RULES) == pytest.approx(2.31**2 - 0.53**2)


def test_too_few_samples_are_refused_with_the_numbers():
    times_s = np.arange(0.0, 3, 0.1)
    with pytest.raises(WindowInvalid, match=r"4 meter readings .* at least 5"):
        trace(times_s, times_s).energy_j(1.05, 1.45, **RULES)


def test_a_gap_above_the_allowed_is_refused_and_one_within_is_not():
    times_s = np.concatenate((np.arange(0, 10), np.arange(13, 30))) / 10
    constant = trace(times_s, np.full(times_s.size, 2.0))
    with pytest.raises(WindowInvalid, match=r"gap of 0\.40 s"):
        constant.energy_j(0.5, 2.5, **RULES)
    with_one_more = trace(np.insert(times_s, 10, 1.0), np.full(times_s.size + 1, 2.0))
    assert with_one_more.energy_j(0.5, 2.5, **RULES) == pytest.approx(4.0)


def test_readings_that_do_not_reach_the_window_s_edge_are_a_gap():
    times_s = np.arange(0.0, 2, 0.1)
    with pytest.raises(WindowInvalid, match="gap"):
        trace(times_s, np.ones(20)).energy_j(0.5, 2.5, **RULES)


def test_a_missing_value_is_no_zero():
    times_s = np.arange(0.0, 3, 0.1)
    watts = np.ones(times_s.size)
    watts[12] = np.nan
    with pytest.raises(WindowInvalid, match="no numbers"):
        trace(times_s, watts).energy_j(0.5, 2.5, **RULES)


def test_the_mean_of_an_empty_window_is_refused():
    with pytest.raises(WindowInvalid, match="no meter reading"):
        trace([0.0, 1.0], [1.0, 1.0]).mean_w(0.2, 0.3)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"watts": -0.5}, r"a negative power, -0\.5 W at 1\.200 s"),
        ({"watts": 70.0}, r"an impossible power, 70 W at 1\.200 s; at most 60 W .* max_w"),
        ({"times_s": 0.9}, r"time goes back: a reading of 0\.900 s after one of 1\.100 s"),
    ],
)
@pytest.mark.fault(
    group="meters",
    fault="a negative or impossible power (above the meter's option max_w), a time that goes back",
    seen="the channel, the reading and its time; the window is measured again",
)
def test_a_reading_that_cannot_be_is_refused(spoilt, said):
    columns = {"times_s": np.arange(0.0, 3, 0.1), "watts": np.ones(30)}
    for name, value in spoilt.items():
        columns[name][12] = value
    poor = Trace(columns["times_s"], columns["watts"], 0.1, max_w=60.0)
    with pytest.raises(WindowInvalid, match=said):
        poor.energy_j(0.5, 2.5, **RULES)
    with pytest.raises(WindowInvalid, match=said):
        poor.mean_w(0.5, 2.5)
