"""Whether a meter's readings follow a load, how late, and by how much: from traces alone.

A load on all CPUs is switched on and off at uneven, known times. Its share of each reading's
period, shifted by a delay, is fitted to the readings beside a mean and a drift; the delay that fits
best is the meter's. Uneven times leave one such delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Span = tuple[float, float]

LEAST_DELAY_S, MOST_DELAY_S = -1.0, 4.5
"""Delays looked for: a clock that is ahead, up to a slow average."""

CERTAIN = 6.0
"""Standard errors that a step must stand out by: chance alone, over all delays, reaches 5.6."""

_STEP_S = 0.02
_FEWEST = 8
_RANK_SHARE = 1e-9


@dataclass(frozen=True)
class Step:
    """The step that fits readings best.

    Attributes:
        step_w: what the load adds. delay_s: how late readings show it.
        score: the step in its standard errors, with readings that resemble their neighbours
            counted as fewer.
        base_w: mean power beside it. noise_w: standard deviation of what is left.
    """

    step_w: float
    delay_s: float
    score: float
    base_w: float
    noise_w: float

    @property
    def is_certain(self) -> bool:
        """True if there is a step."""
        return self.score >= CERTAIN and self.step_w > 0

    @property
    def least_told_w(self) -> float:
        """The smallest step that would have been certain."""
        if not np.isfinite(self.score) or self.score == 0:
            return 0.0
        return CERTAIN * abs(self.step_w / self.score)


def find_step(times_s: Array, watts: Array, period_s: float, loads: Sequence[Span]) -> Step | None:
    """The step in readings.

    Args:
        times_s: (n,) the middle of each reading's period.
        watts: (n,) mean power over it.
        period_s: its length.
        loads: start and end of each load on the same clock, ascending.

    Returns:
        The best fitting step; None where there are too few readings to tell, or none of a load.
    """
    if times_s.size < _FEWEST:
        return None
    base_w = float(watts.mean())
    if np.ptp(watts) == 0:
        return Step(0.0, 0.0, 0.0, base_w, 0.0)
    line = times_s - times_s.mean()
    line = line / np.sqrt(line @ line)
    left = _without_drift(watts, line)
    delays_s = np.arange(LEAST_DELAY_S, MOST_DELAY_S + _STEP_S / 2, _STEP_S)
    shapes = [
        _without_drift(_share(times_s - delay_s, period_s, loads), line) for delay_s in delays_s
    ]
    norms = np.array([float(shape @ shape) for shape in shapes])
    dots = np.array([float(shape @ left) for shape in shapes])
    known = norms > _RANK_SHARE * times_s.size
    if not known.any():
        return None
    fits = np.where(known, dots / np.sqrt(np.where(known, norms, 1.0)), -np.inf)
    best = int(np.argmax(fits))
    step_w = float(dots[best] / norms[best])
    rest = left - step_w * shapes[best]
    noise_w = float(np.sqrt(rest @ rest / max(rest.size - 4, 1)))
    error_w = noise_w / np.sqrt(norms[best]) * np.sqrt(_inflation(rest))
    score = float(step_w / error_w) if error_w > 0 else np.inf
    return Step(step_w, float(delays_s[best]), score, base_w, noise_w)


def update_s(times_s: Array, watts: Array) -> float | None:
    """The median time between changes of a meter's value; None: it changes too seldom to tell."""
    changed = np.flatnonzero(np.diff(watts)) + 1
    if changed.size < _FEWEST:
        return None
    return float(np.median(np.diff(times_s[changed])))


def _share(times_s: Array, period_s: float, loads: Sequence[Span]) -> Array:
    """The share of each reading's period that lies within a load."""
    loaded_s = np.zeros_like(times_s)
    for start_s, end_s in loads:
        begins_s = np.maximum(times_s - period_s / 2, start_s)
        loaded_s += np.maximum(np.minimum(times_s + period_s / 2, end_s) - begins_s, 0.0)
    return loaded_s / period_s


def _without_drift(values: Array, line: Array) -> Array:
    """Values less their mean and what goes with a line of length 1 and mean 0."""
    values = values - values.mean()
    return np.asarray(values - (line @ values) * line)


def _inflation(rest: Array) -> float:
    """How many times the variance of a mean grows since neighbours resemble each other."""
    power = float(rest @ rest)
    if power == 0:
        return 1.0
    likeness = min(max(float(rest[1:] @ rest[:-1]) / power, 0.0), 0.99)
    return (1 + likeness) / (1 - likeness)
