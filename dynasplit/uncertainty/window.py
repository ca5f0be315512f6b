"""What a window's readings leave open of its energy: noise, sampling, edges, clock.

A host draws one power while it computes and another one while it waits, and the programs say when
it did which. Two powers fitted to the readings give the course between them. Of that course, as a
meter would tell it that begins its periods at any other time, the energy is computed as of the
readings themselves; its deviations from the course's own energy are the part of sampling and
edges, and with the window moved within what is known of the clocks, theirs. What the fit leaves of
the readings is noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dynasplit.core.power_trace import Trace

Floats = npt.NDArray[np.float64]
_PHASES = 96
_OFFSETS = 25
_GOLDEN = 0.6180339887
_INSTANT_S = 1e-6
_NOTHING = 1e-9
_OF_SWING, _OF_EVEN, _OF_NORMAL = math.sqrt(2), 0.95 * math.sqrt(3), 1.96
"""What holds 95 % of a U-shaped, a rectangular and a normal distribution, by its deviation."""


@dataclass(frozen=True)
class Course:
    """What a host did around a window; times count as its trace's do.

    Attributes:
        busy_s: start and end of each time that it computed (m, 2), ascending, without overlap.
        length_s: the window's length.
        idle_w: its idle power; None: not known.
    """

    busy_s: Floats
    length_s: float
    idle_w: float | None = None

    def computed_s(self, until_s: Floats) -> Floats:
        """For how long it has computed until each time (n,)."""
        if not len(self.busy_s):
            return np.zeros_like(until_s)
        edges_s = self.busy_s.ravel()
        done_s = np.cumsum(self.busy_s[:, 1] - self.busy_s[:, 0])
        known_s = np.stack([np.concatenate([[0.0], done_s[:-1]]), done_s], axis=1).ravel()
        found: Floats = np.interp(until_s, edges_s, known_s)
        return found

    def shares(self, times_s: Floats, averaging_s: float) -> Floats:
        """The busy share of the time around each one (n,)."""
        half_s = max(averaging_s, _INSTANT_S) / 2
        both = self.computed_s(times_s + half_s) - self.computed_s(times_s - half_s)
        return both / (2 * half_s)


class LeftOpen(NamedTuple):
    """What a window leaves open of its energy, in J.

    Attributes:
        normal: standard deviation of its normal part. even: half-width of its rectangular part.
        swing: half-width of its U-shaped part (arc sine, as a sine at any phase has it).
    """

    normal: float
    even: float
    swing: float


def left_open(trace: Trace, course: Course, averaging_s: float) -> LeftOpen:
    """What a window's energy may be off by, the meter's own error left out.

    Args:
        trace: readings in and around the window.
        course: of the host.
        averaging_s: each reading is the mean over so long; 0: of its time.
    """
    fit = _fitted(trace, course, averaging_s)
    noise_j = fit.left_w * math.sqrt(_squares(trace.times_s, course.length_s))
    offs = _offs_s(trace, course, averaging_s)
    normal_s, even_s, swing_s = _split(offs)
    step_w = math.hypot(fit.step_w, fit.step_u_w)
    return LeftOpen(math.hypot(noise_j, step_w * normal_s), step_w * even_s, step_w * swing_s)


class _Fit(NamedTuple):
    """Power while it computes less that while it waits, its uncertainty, the readings' spread."""

    step_w: float
    step_u_w: float
    left_w: float


def _fitted(trace: Trace, course: Course, averaging_s: float) -> _Fit:
    """Two powers fitted to a window's readings, at the clock's offset where they fit best."""
    if not trace.uncertain_s:
        return _fitted_at(0.0, trace, course, averaging_s)
    late_s = trace.uncertain_s * np.linspace(-1, 1, _OFFSETS)
    fits = (_fitted_at(one_s, trace, course, averaging_s) for one_s in late_s.tolist())
    return min(fits, key=lambda fit: fit.left_w)


def _fitted_at(late_s: float, trace: Trace, course: Course, averaging_s: float) -> _Fit:
    """Two powers fitted to a window's readings.

    Idle power counts as one more reading. Where no reading tells what computing takes, half of
    what is drawn anyway is the standard uncertainty of what it adds.
    """
    inside = trace.within(0.0, course.length_s)
    shares, watts = course.shares(inside.times_s + late_s, averaging_s), inside.watts
    unknown_w = max(float(watts.mean()) / 2, _NOTHING)
    if course.idle_w is not None:
        shares, watts = np.append(shares, 0.0), np.append(watts, course.idle_w)
    off = shares - shares.mean()
    weight = float(off @ off)
    step_w = float(off @ watts) / weight if weight > _NOTHING else 0.0
    left = watts - watts.mean() - step_w * off
    left_w = math.sqrt(float(left @ left) / max(1, len(watts) - 2))
    precision = weight / max(left_w, _NOTHING) ** 2 if weight > _NOTHING else 0.0
    return _Fit(step_w, 1 / math.sqrt(precision + 1 / unknown_w**2), left_w)


def _squares(times_s: Floats, length_s: float) -> float:
    """The sum of the squares of the seconds with which readings enter a window's energy."""
    steps_s = np.diff(times_s[(times_s >= 0) & (times_s <= length_s)])
    return float(steps_s @ steps_s) + float(np.mean(steps_s)) ** 2 if len(steps_s) else length_s**2


def _offs_s(trace: Trace, course: Course, averaging_s: float) -> Floats:
    """By how many seconds of computing a window's energy is off, for phases and clocks (p,)."""
    length_s, times_s = course.length_s, trace.times_s
    phases_s = trace.period_s * ((np.arange(_PHASES) + 0.5) / _PHASES - 0.5)
    late_s = trace.uncertain_s * (2 * ((np.arange(_PHASES) * _GOLDEN) % 1) - 1)
    moved_s = times_s + (phases_s + late_s)[:, None]
    shares = course.shares(moved_s.ravel(), averaging_s).reshape(moved_s.shape)
    # the trapezoid rule with the window's edges interpolated is the integral of lines between
    # readings; moving all of them is moving the window the other way
    areas_s = np.cumsum((shares[:, 1:] + shares[:, :-1]) / 2 * np.diff(times_s), axis=1)
    areas_s = np.concatenate([np.zeros((_PHASES, 1)), areas_s], axis=1)
    until_s = [_area_s(times_s, shares, areas_s, at_s - phases_s) for at_s in (0.0, length_s)]
    true_s = float(np.diff(course.computed_s(np.array([0.0, length_s])))[0])
    return until_s[1] - until_s[0] - true_s


def _area_s(times_s: Floats, shares: Floats, areas_s: Floats, at_s: Floats) -> Floats:
    """The integral of each row's lines until a time of its own (p,)."""
    rows = np.arange(len(at_s))
    left = np.clip(np.searchsorted(times_s, at_s) - 1, 0, len(times_s) - 2)
    step_s, since_s = times_s[left + 1] - times_s[left], at_s - times_s[left]
    first, second = shares[rows, left], shares[rows, left + 1]
    slope = np.divide(second - first, step_s, out=np.zeros_like(step_s), where=step_s > 0)
    return areas_s[rows, left] + since_s * (first + slope * since_s / 2)


def _split(offs_s: Floats) -> tuple[float, float, float]:
    """A normal, a rectangular and a U-shaped part that hold 95 % where the deviations do.

    What holds 95 % of them, by their root mean square, tells which shape is theirs: the nearest
    one, or a sum of a rectangular and a normal part.
    """
    spread_s = math.sqrt(float(np.mean(offs_s**2)))
    if spread_s <= 0:
        return 0.0, 0.0, 0.0
    most_s = float(np.quantile(np.abs(offs_s), 0.95))
    most = most_s / spread_s
    if most < (_OF_SWING + _OF_EVEN) / 2:
        return 0.0, 0.0, most_s
    if most < _OF_EVEN:
        return 0.0, most_s / 0.95, 0.0
    share = min(1.0, (most - _OF_EVEN) / (_OF_NORMAL - _OF_EVEN))
    return spread_s * math.sqrt(share), spread_s * math.sqrt(3 * (1 - share)), 0.0
