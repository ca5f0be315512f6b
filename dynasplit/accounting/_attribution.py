"""Whose a stretch of metered energy is: the requests', switching's, or nobody's.

Over any stretch these three add up to what was metered. Each instant's power is that drawn above
idle and idle power. What is drawn above idle belongs to the requests that occupy the host then, in
equal parts; without any it is nobody's. Of idle power the accounting says which requests pay at
that instant and which share of it; the rest is nobody's. While knobs are switched all is
switching's, whoever waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from dynasplit.accounting._resolved import Resolved
from dynasplit.core.errors import ConfigurationError, WindowInvalid
from dynasplit.core.power_trace import Trace

Floats = npt.NDArray[np.float64]


def _none() -> Floats:
    return np.zeros((0, 2))


@dataclass(frozen=True, eq=False)
class Claims:
    """Who is entitled to a host's energy, and when; times count as the trace's do.

    Attributes:
        occupied_s: start and end of each request's occupation of the host (n, 2).
        paying_s: of the time for whose idle power it pays (n, 2); None: while it occupies.
        idle_share: of that idle power, from 0 (`active`) to 1 (`occupied`, `wall`).
        idle_w: idle power of the host's state; None: not known, which a share of 1 for the time
            of occupation does not need.
        switching_s: start and end of each switching of knobs (m, 2).
    """

    occupied_s: Floats
    paying_s: Floats | None = None
    idle_share: float = 1.0
    idle_w: float | None = None
    switching_s: Floats = field(default_factory=_none)

    def __post_init__(self) -> None:
        """Refuse what cannot be divided."""
        if not 0 <= self.idle_share <= 1:
            raise ConfigurationError(
                f"a share of {self.idle_share:g} of idle power; allowed: 0 to 1"
            )
        if self.idle_w is None and (self.paying_s is not None or self.idle_share < 1):
            raise ConfigurationError(
                "idle power is to be divided apart, and is not known; measure it: "
                "measure.baseline_states=true"
            )
        if self.paying_s is not None and len(self.paying_s) != len(self.occupied_s):
            raise ConfigurationError(
                f"{len(self.occupied_s)} requests occupy the host and {len(self.paying_s)} pay; "
                "allowed: as many, each with its times"
            )
        for spans_s in (self.occupied_s, self.paying_s, self.switching_s):
            if spans_s is not None and bool((spans_s[:, 1] < spans_s[:, 0]).any()):
                raise ConfigurationError("a time that ends before it begins; allowed: none")


@dataclass(frozen=True, eq=False)
class Shares:
    """Whose the energy of a stretch is, in J.

    Attributes:
        requests_j: of each request (n,).
        switching_j: of all switching of knobs. nobody_j: of nobody.
        metered_j: what the trace says; the sum of the others.
    """

    requests_j: Floats
    switching_j: float
    nobody_j: float
    metered_j: float


def attribute(trace: Trace | Resolved, start_s: float, end_s: float, claims: Claims) -> Shares:
    """Divide what a host's counted channel drew between two times.

    Args:
        trace: its readings, lines between them being its power; or what is known between them.
        start_s: where the stretch begins, by the trace's times.
        end_s: where it ends.
        claims: who is entitled; what lies outside the stretch is not looked at.

    Raises:
        WindowInvalid: the readings do not reach both ends.
    """
    from_s, until_s = _covers_s(trace)
    if from_s > start_s or until_s < end_s:
        raise WindowInvalid(
            f"energy from {start_s:g} to {end_s:g} s is to be divided, and the readings do not "
            "cover it"
        )
    paying_s = claims.occupied_s if claims.paying_s is None else claims.paying_s
    spans = [
        np.clip(one_s, start_s, end_s)
        for one_s in (claims.occupied_s, paying_s, claims.switching_s)
    ]
    cuts_s = np.unique(np.concatenate([[start_s, end_s], *(one_s.ravel() for one_s in spans)]))
    told = trace.until_j if isinstance(trace, Resolved) else partial(_until_j, trace)
    pieces_j = np.diff(told(cuts_s))
    idle_j = (claims.idle_w or 0.0) * np.diff(cuts_s)
    is_switching = _how_many(cuts_s, spans[2]) > 0
    switching_j = float(pieces_j[is_switching].sum())
    above_j = np.where(is_switching, 0.0, pieces_j - idle_j)
    idle_j = np.where(is_switching, 0.0, claims.idle_share * idle_j)
    requests_j = _divided(cuts_s, above_j, spans[0]) + _divided(cuts_s, idle_j, spans[1])
    metered_j = float(pieces_j.sum())
    nobody_j = metered_j - switching_j - float(requests_j.sum())
    return Shares(requests_j, switching_j, nobody_j, metered_j)


def _covers_s(trace: Trace | Resolved) -> tuple[float, float]:
    """From when to when power is known; without readings, never."""
    if isinstance(trace, Resolved):
        return trace.covers_s
    if not len(trace.times_s):
        return np.inf, -np.inf
    return float(trace.times_s[0]), float(trace.times_s[-1])


def _until_j(trace: Trace, at_s: Floats) -> Floats:
    """The integral of the lines between readings, from the first reading to each time (n,)."""
    times_s, watts = trace.times_s, trace.watts
    known_j = np.concatenate([[0.0], np.cumsum((watts[1:] + watts[:-1]) / 2 * np.diff(times_s))])
    left = np.clip(np.searchsorted(times_s, at_s, side="right") - 1, 0, len(times_s) - 1)
    found: Floats = (
        known_j[left] + (at_s - times_s[left]) * (watts[left] + np.interp(at_s, times_s, watts)) / 2
    )
    return found


def _how_many(cuts_s: Floats, spans_s: Floats) -> npt.NDArray[np.int64]:
    """How many spans cover each piece between cuts (k,)."""
    changes = np.zeros(len(cuts_s), dtype=np.int64)
    np.add.at(changes, np.searchsorted(cuts_s, spans_s[:, 0]), 1)
    np.add.at(changes, np.searchsorted(cuts_s, spans_s[:, 1]), -1)
    return np.cumsum(changes)[:-1]


def _divided(cuts_s: Floats, pieces_j: Floats, spans_s: Floats) -> Floats:
    """Each span's part (n,) of the pieces (k,), which those that cover one divide equally."""
    each_j = pieces_j / np.maximum(_how_many(cuts_s, spans_s), 1)
    until_j = np.concatenate([[0.0], np.cumsum(each_j)])
    first, last = (np.searchsorted(cuts_s, spans_s[:, i]) for i in (0, 1))
    found: Floats = until_j[last] - until_j[first]
    return found
