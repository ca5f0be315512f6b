"""Delays of meters are found from when hosts have computed; where there is none, none is."""

from collections.abc import Callable

import numpy as np
import pytest

from dynasplit.core.power_trace import Trace
from dynasplit.testbed.busy_times import BusyTimes, busy_times
from dynasplit.testbed.meter_delay import delay_of
from hosts.wire.messages import Inference, RunReport

PERIOD_S = 0.1


def a_run(begin_s: float, each_s: float, busy: float, count: int) -> BusyTimes:
    """Inferences one after another, each computing for a share of its time."""
    starts_s = begin_s + each_s * np.arange(count)
    times_s = np.column_stack([starts_s, starts_s + busy * each_s]).ravel()
    took_s = np.diff(times_s, prepend=times_s[0])
    took_s[0::2] = 0
    return BusyTimes(times_s, np.cumsum(took_s))


def campaign(seed: int = 0) -> list[BusyTimes]:
    random, runs, now_s = np.random.default_rng(seed), [], 0.0
    for _ in range(9):
        each_s = random.uniform(0.02, 0.9)
        runs.append(a_run(now_s, each_s, random.uniform(0.2, 0.95), int(4 / each_s)))
        now_s = runs[-1].end_s + random.uniform(0.2, 1.2)
    return runs


def readings(
    runs: list[BusyTimes], seed: int = 0, late_s: float = 0.0, mean_s: float = PERIOD_S
) -> Trace:
    """Mean power over the meter's time, which is told late; hosts draw more while set up."""
    random = np.random.default_rng(seed)
    at_s = np.arange(runs[0].start_s - 5, runs[-1].end_s, 0.001)
    watts = np.full(at_s.shape, 2.0)
    for i, run in enumerate(runs):
        inside = (at_s >= run.start_s) & (at_s <= run.end_s)
        busy = np.gradient(run.busy_until(at_s), at_s) > 0.5
        watts[inside] = 2.2 + 0.1 * i
        watts[inside & busy] = 3.5 + 0.3 * (i % 3)
        watts[(at_s > run.end_s) & (at_s < run.end_s + 0.3)] = 2.9
    drawn_j = np.concatenate(([0.0], np.cumsum(watts) * 0.001))[:-1]
    times_s = np.arange(at_s[0] + mean_s + late_s, at_s[-1] - PERIOD_S / 2, PERIOD_S)
    ends_s = times_s + PERIOD_S / 2 - late_s
    found = (np.interp(ends_s, at_s, drawn_j) - np.interp(ends_s - mean_s, at_s, drawn_j)) / mean_s
    return Trace(times_s, found * (1 + 0.003 * random.standard_normal(found.size)), PERIOD_S)


def late_s(trace: Trace, runs: list[BusyTimes]) -> float | None:
    found = delay_of(trace, runs)
    return None if found is None else found.late_s


@pytest.mark.parametrize("seed", range(8))
def test_a_meter_in_time_is_not_late(seed):
    runs = campaign(seed)
    assert late_s(readings(runs, seed), runs) == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("delay_s", [0.7, 2.0, 5.0])
def test_a_delay_is_told(seed, delay_s):
    runs = campaign(seed)
    assert late_s(readings(runs, seed, late_s=delay_s), runs) == pytest.approx(delay_s, abs=0.2)


@pytest.mark.parametrize("mean_s", [2.1, 4.1])
def test_half_an_averaging_time_is_a_delay(mean_s):
    runs = campaign(5)
    assert late_s(readings(runs, mean_s=mean_s), runs) == pytest.approx(mean_s / 2, rel=0.3)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda trace: Trace(trace.times_s[:20], trace.watts[:20], PERIOD_S),
        lambda trace: Trace(trace.times_s, np.full(trace.watts.shape, 7.0), PERIOD_S),
    ],
)
def test_of_too_few_or_equal_readings_nothing_is_said(spoilt: Callable[[Trace], Trace]):
    runs = campaign()
    assert not late_s(spoilt(readings(runs)), runs)
    assert late_s(readings(runs), []) is None


def test_busy_times_are_those_of_heads_or_of_tails():
    seconds = 10**9
    rows = [
        Inference(0, 0, 2 * seconds, 9 * seconds, 4 * seconds, 8 * seconds, 1, 3 * seconds),
        Inference(0, 10 * seconds, 12 * seconds, 19 * seconds, 14 * seconds, 18 * seconds, 1),
    ]
    report = RunReport(inferences=rows, first=1, last=2, tensor_bytes=4)
    edge, cloud = busy_times(report, "edge"), busy_times(report, "cloud")
    assert edge is not None
    assert cloud is not None
    assert edge.busy_until(np.array([0.0, 5.0, 11.0, 30.0])).tolist() == [0, 3, 4, 5]
    assert (cloud.start_s, cloud.end_s, cloud.busy_s[-1]) == (4, 18, 8)
    rows[:] = [Inference(0, 0, 5, 9, None, None, 1)] * 2
    assert busy_times(report, "cloud") is None
