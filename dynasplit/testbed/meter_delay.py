"""How late a meter tells what its host draws, from when the host has computed.

A host's power follows its work: in each run it draws one power while it computes and another while
it waits, between runs a third. Readings are fitted by least squares with those powers free, once as
they are, and once each for a series of delays and averaging times. Where a delay explains far more
of them, the meter is late.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from dynasplit.core.power_trace import Trace
from dynasplit.testbed.busy_times import BusyTimes

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

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
_SAME = 1e-11
"""By so much squares of columns are raised: far above rounding, far below noise."""
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
    with _blas().limit(limits=1, user_api="blas"):  # of so small tables threads only lose
        return _told(kept, runs, longest_s)


@cache
def _blas() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _told(kept: Trace, runs: Sequence[BusyTimes], longest_s: float) -> Delay:
    """How late readings are, by the fit that leaves least."""
    period_s = kept.period_s
    noise_w2 = float(np.median(np.diff(kept.watts) ** 2)) / 2 / 0.4549  # median of chi-squared
    design = _Design(runs)
    left = {(0, 0): design.residuals(kept, 0.0, 0.0)}
    count = kept.times_s.size
    least_w2 = max(_NOISE * noise_w2, _EXACT * float(np.mean(kept.watts)) ** 2)
    if left[0, 0] <= least_w2 * count:
        return Delay(0.0, 1.0)
    models = [(delay, 0) for delay in _DELAYS[1:]]
    models += [(delay, mean) for delay in _DELAYS[::_COARSE] for mean in _MEANS]
    for delay, mean in models:
        if (delay + mean) * period_s <= longest_s:
            left[delay, mean] = design.residuals(kept, delay * period_s, mean * period_s)
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


class _Design:
    """What a host did, as the fits need it: it is the same for all of them.

    A hundred and more fits are made of a window; so all columns of one are computed together.
    """

    def __init__(self, runs: Sequence[BusyTimes]) -> None:
        spans_s = [(run.start_s, run.end_s) for run in runs]
        for run, following in itertools.pairwise(runs):
            edges_s = np.linspace(run.end_s, following.start_s, _PARTS + 1).tolist()
            spans_s += itertools.pairwise(edges_s)
        self._spans_s = np.array(spans_s).T  # (2, runs and parts between)
        each_s = (float(run.busy_s[-1]) for run in runs)
        self._edges_s = np.array(list(itertools.accumulate(each_s, initial=0.0)))  # (runs + 1)
        self._times_s = np.concatenate([run.times_s for run in runs])
        self._busy_s = np.concatenate(
            [run.busy_s + e for run, e in zip(runs, self._edges_s, strict=False)]
        )

    def residuals(self, trace: Trace, delay_s: float, mean_s: float) -> float:
        """The squares that are left, in W^2, of readings that are late and averaged so."""
        until_s = (trace.times_s + trace.period_s / 2 - delay_s)[:, np.newaxis]
        from_s = until_s - trace.period_s - mean_s
        lasts_s = trace.period_s + mean_s
        start_s, end_s = self._spans_s
        inside_s = np.minimum(until_s, end_s) - np.maximum(from_s, start_s)
        table = np.concatenate(
            [
                np.ones_like(until_s),
                np.maximum(inside_s, 0.0) / lasts_s,
                (self._busy(until_s) - self._busy(from_s)) / lasts_s,
            ],
            axis=1,
        )
        table = table[:, table.any(axis=0)]
        left_w = trace.watts - table @ _fitted(table, trace.watts)
        return float(left_w @ left_w)

    def _busy(self, until_s: Array) -> Array:
        """(n, runs) the time computed in each run until (n, 1) times, and in all before it."""
        busy_s = np.interp(until_s, self._times_s, self._busy_s)
        in_each_s: Array = np.minimum(np.maximum(busy_s, self._edges_s[:-1]), self._edges_s[1:])
        return in_each_s


def _fitted(table: Array, watts: Array) -> Array:
    """(m,) least squares by the normal equations: m is far smaller than n.

    Columns that say the same as others share a weight.
    """
    squares: Array = table.T @ table
    squares.flat[:: len(squares) + 1] += _SAME * np.trace(squares)
    fitted: Array = np.linalg.solve(squares, table.T @ watts).astype(np.float64)
    return fitted
