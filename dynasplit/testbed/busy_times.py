"""When a host computed during a run, on its own clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.testbed import window_times
from hosts.wire.messages import RunReport

Array = npt.NDArray[np.float64]
_MOST = 50_000
"""Batches that are looked at one by one; a run of more computes all along, as meters see it."""


@dataclass(frozen=True)
class BusyTimes:
    """A run on a host, from its first inference to its last, warm-up and lead-out included.

    Attributes:
        times_s: (2n,) starts and ends of what was computed, in turn.
        busy_s: (2n,) the time computed until each of them.
    """

    times_s: Array
    busy_s: Array

    @property
    def start_s(self) -> float:
        """The first start."""
        return float(self.times_s[0])

    @property
    def end_s(self) -> float:
        """The last end."""
        return float(self.times_s[-1])

    def busy_until(self, times_s: Array) -> Array:
        """(m,) the time computed until each of some times."""
        return np.interp(times_s, self.times_s, self.busy_s)

    def later(self, seconds: float) -> BusyTimes:
        """The same with another zero of time."""
        return BusyTimes(self.times_s + seconds, self.busy_s)


def busy_times(report: RunReport, role: str) -> BusyTimes | None:
    """When a host computed heads (edge) or decoded and computed tails (cloud).

    Args:
        report: all inferences of a run.
        role: edge or cloud.

    Returns:
        None: it computed nothing.
    """
    spans_ns = window_times.busy_spans_ns(report, role)
    if not len(spans_ns):
        return None
    if len(spans_ns) > _MOST:
        spans_ns = spans_ns.ravel()[[0, -1]]
    times_s = spans_ns.ravel() / 1e9
    took_s = np.diff(times_s, prepend=times_s[0])
    took_s[0::2] = 0.0  # between an end and the next start nothing is computed
    return BusyTimes(times_s, np.cumsum(took_s))
