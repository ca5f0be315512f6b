"""Power between a meter's readings: what is expected then, scaled so that every reading holds.

A reading is the mean over its period, in which a request of some milliseconds and much else may
lie. When a host computed is known to the microsecond, and what it draws then is known from windows
that were long enough. So each reading's joules are divided within its period as that says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.core.power_trace import Trace

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Expected:
    """What a host is expected to draw.

    Attributes:
        spans_s: start and end of times of more than idle power (n, 2), ascending, without overlap.
        watts: expected in each of them (n,).
        floor_w: at all other times.
    """

    spans_s: Floats
    watts: Floats
    floor_w: float


@dataclass(frozen=True, eq=False)
class Resolved:
    """Power that is constant between times.

    Attributes:
        edges_s: the times (m,), ascending.
        known_j: what was drawn from the first of them to each (m,).
    """

    edges_s: Floats
    known_j: Floats

    @classmethod
    def of(cls, trace: Trace, expected: Expected) -> Resolved:
        """Divide the joules of readings within their periods; at least two readings."""
        middles_s = (trace.times_s[1:] + trace.times_s[:-1]) / 2
        half_s = np.diff(trace.times_s)[[0, -1]] / 2
        ends_s = trace.times_s[[0, -1]] + half_s * [-1, 1]
        periods_s = np.concatenate([ends_s[:1], middles_s, ends_s[1:]])
        inside_s = np.clip(expected.spans_s.ravel(), *ends_s)
        edges_s = np.union1d(periods_s, inside_s)
        lengths_s, at_s = np.diff(edges_s), (edges_s[1:] + edges_s[:-1]) / 2
        period = np.searchsorted(periods_s, at_s, side="right") - 1
        shape_j = lengths_s * _expected_w(expected, at_s)
        count = len(trace.times_s)
        sums_j = np.bincount(period, shape_j, count)
        told_j = trace.watts * np.diff(periods_s)
        scale = np.divide(told_j, sums_j, out=np.zeros(count), where=sums_j > 0)
        known_j = np.concatenate([[0.0], np.cumsum(shape_j * scale[period])])
        return cls(edges_s, known_j)

    @property
    def covers_s(self) -> tuple[float, float]:
        """From when to when it is known."""
        return float(self.edges_s[0]), float(self.edges_s[-1])

    def until_j(self, at_s: Floats) -> Floats:
        """What was drawn from its begin to each time (n,)."""
        found: Floats = np.interp(at_s, self.edges_s, self.known_j)
        return found


_LEAST_W = 1e-6
"""Of what is expected: readings have to be somebody's."""


def _expected_w(expected: Expected, at_s: Floats) -> Floats:
    """At each time (n,)."""
    floor_w = max(expected.floor_w, _LEAST_W)
    if not len(expected.spans_s):
        return np.full(len(at_s), floor_w)
    place = np.searchsorted(expected.spans_s[:, 0], at_s, side="right") - 1
    known = np.maximum(place, 0)
    is_in = (place >= 0) & (at_s < expected.spans_s[known, 1])
    found: Floats = np.where(is_in, np.maximum(expected.watts[known], _LEAST_W), floor_w)
    return found
