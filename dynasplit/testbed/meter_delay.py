"""How late a meter tells what its host draws, from when the host has computed.

A host's power follows its work: in each run it draws one power while it computes and another while
it waits, between runs a third. Readings are fitted by least squares with those powers free, once as
they are, and once each for a series of delays and averaging times. Where a delay explains far more
of them, the meter is late.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dynasplit.core.power_trace import Trace
from dynasplit.testbed.busy_times import BusyTimes

Array = npt.NDArray[np.float64]

LONGEST = 140
"""Periods by which readings may be late, at most, for it to be told."""
_DELAYS = range(LONGEST - 20)  # periods
_MEANS = (10, 20, 40, 100)
_COARSE = 5  # with a mean, every so many delays
_FEWEST = 25
_PARTS = 3
"""Between two runs a host may draw so many powers."""
_NOISE = 1.5
"""Residuals of so many times the noise's square are no sign of anything."""
_EXACT = 1e-8
"""Of power's square: what is less is rounding."""
_BETTER = 0.4
"""What a delay must leave of the residuals' squares, to be taken for the truth."""


class Delay(NamedTuple):
    """How late readings are.

    Attributes:
        late_s: the delay and half the averaging time.
        unexplained: the share of residuals' squares that it leaves of those without it.
    """

    late_s: float
    unexplained: float


def delay_of(trace: Trace, runs: Sequence[BusyTimes]) -> Delay | None:
    """How late a channel's readings are.

    Args:
        trace: readings, on the clock of the runs.
        runs: those during the trace, and long before, in order.

    Returns:
        None: there are too few readings, or power differs too little between working and not.
    """
    if not runs:
        return None
    period_s = trace.period_s
    longest_s = min(LONGEST * period_s, (runs[-1].end_s - runs[0].start_s) / 2)
    kept = _working(trace.within(runs[0].start_s + longest_s, runs[-1].end_s), runs)
    if kept.times_s.size < _FEWEST:
        return None
    noise_w2 = float(np.median(np.diff(kept.watts) ** 2)) / 2 / 0.4549  # median of chi-squared
    left = {(0, 0): _residuals(kept, runs, 0.0, 0.0)}
    count = kept.times_s.size
    least_w2 = max(_NOISE * noise_w2, _EXACT * float(np.mean(kept.watts)) ** 2)
    if left[0, 0] <= least_w2 * count:
        return Delay(0.0, 1.0)
    models = [(delay, 0) for delay in _DELAYS[1:]]
    models += [(delay, mean) for delay in _DELAYS[::_COARSE] for mean in _MEANS]
    for delay, mean in models:
        if (delay + mean) * period_s <= longest_s:
            left[delay, mean] = _residuals(kept, runs, delay * period_s, mean * period_s)
    best = min(left, key=lambda those: left[those])
    share = left[best] / left[0, 0]
    if share > _BETTER:
        return Delay(0.0, share)
    return Delay((best[0] + best[1] / 2) * period_s, share)


def _working(trace: Trace, runs: Sequence[BusyTimes]) -> Trace:
    """The readings during runs: what a host draws while it is set up has a shape of its own."""
    keep = np.zeros(trace.times_s.shape, dtype=bool)
    for run in runs:
        half_s = trace.period_s / 2
        keep |= (trace.times_s > run.start_s + half_s) & (trace.times_s < run.end_s - half_s)
    return Trace(trace.times_s[keep], trace.watts[keep], trace.period_s)


def _residuals(trace: Trace, runs: Sequence[BusyTimes], delay_s: float, mean_s: float) -> float:
    """The squares that are left, in W^2."""
    until_s = trace.times_s + trace.period_s / 2 - delay_s
    from_s = until_s - trace.period_s - mean_s
    columns = [np.ones_like(until_s)]
    for i, run in enumerate(runs):
        columns.append(_overlap(from_s, until_s, run.start_s, run.end_s))
        columns.append((run.busy_until(until_s) - run.busy_until(from_s)) / (until_s - from_s))
        if i + 1 < len(runs):
            edges_s = np.linspace(run.end_s, runs[i + 1].start_s, _PARTS + 1)
            parts = itertools.pairwise(edges_s)
            columns += [_overlap(from_s, until_s, *part) for part in parts]
    table = np.column_stack([column for column in columns if column.any()])
    fitted, *_ = np.linalg.lstsq(table, trace.watts, rcond=None)
    return float(((trace.watts - table @ fitted) ** 2).sum())


def _overlap(from_s: Array, until_s: Array, start_s: float, end_s: float) -> Array:
    """The share of each interval that lies between two times."""
    both_s = np.minimum(until_s, end_s) - np.maximum(from_s, start_s)
    share: Array = np.maximum(both_s, 0.0) / (until_s - from_s)
    return share
