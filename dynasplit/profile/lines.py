"""Robust lines t = a / f + b through the times of one split point's head.

Outliers are frequent (a stalled loader, a wrongly set frequency) and mostly on one side, so the
line is the best under a Cauchy loss of relative residuals, searched over all lines through two
points and then polished.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Line = tuple[float, float]
FINEST = 0.004


@dataclass(frozen=True, eq=False)
class Points:
    """Times of one split point's head in one accelerator mode.

    Attributes:
        inverse_ghz: 1 / f of each (n,). ms: its time (n,).
    """

    inverse_ghz: Floats
    ms: Floats

    @property
    def frequencies(self) -> int:
        """The number of different frequencies."""
        return len(np.unique(self.inverse_ghz))


@dataclass(frozen=True, slots=True)
class Share:
    """The prior of the share of time that is proportional to 1 / f (at median f).

    Attributes:
        mean: expected. spread: its standard deviation.
    """

    mean: float
    spread: float

    def loss(self, shares: Floats) -> Floats:
        """The penalty (n,) of shares (n,) that differ from the prior."""
        return np.asarray(0.5 * ((shares - self.mean) / self.spread) ** 2)


def cauchy(residuals: Floats, scale: float) -> Floats:
    """The loss of relative residuals."""
    return np.asarray(np.log1p((residuals / scale) ** 2))


def fit_lines(
    family: Mapping[str, Points], scale: float, expected: Share | None = None
) -> tuple[dict[str, Line], float]:
    """The lines of modes that share one slope a, and their loss.

    Args:
        family: points by mode; a mode of its own has a slope of its own.
        scale: a relative residual beyond it counts less and less.
        expected: weighs on the slope, which decides where frequencies are too few.

    Returns:
        (a, b) by mode, both at least 0, and the loss.
    """
    slopes = _slopes(family.values(), expected)
    losses = np.zeros(len(slopes))
    offsets = {}
    for mode, points in family.items():
        offsets[mode], loss = _offsets(points, slopes, scale)
        losses += loss
        if expected is not None:
            losses += (
                0.5
                * ((_share(points, slopes, offsets[mode]) - expected.mean) / expected.spread) ** 2
            )
    best = int(losses.argmin())
    lines = {mode: (float(slopes[best]), float(offsets[mode][best])) for mode in family}
    return _polish(family, lines, float(losses[best]), scale, expected)


def share_of(points: Points, line: Line) -> float:
    """The part of the time that is proportional to 1 / f, at the median of the frequencies."""
    return float(_share(points, np.array([line[0]]), np.array([line[1]]))[0])


def residuals_of(points: Points, line: Line) -> Floats:
    """Relative residuals (n,): log of time over line."""
    return np.asarray(np.log(points.ms / _positive(line[0] * points.inverse_ghz + line[1])))


def _positive(values: Floats) -> Floats:
    return np.maximum(values, 1e-9)


def _share(points: Points, slopes: Floats, offsets: Floats) -> Floats:
    proportional = slopes * np.median(points.inverse_ghz)
    return np.asarray(proportional / _positive(proportional + offsets))


def _slopes(family: Iterable[Points], expected: Share | None) -> Floats:
    """Candidates (s,): of all lines through two points of a mode, and the expected ones."""
    found = [np.zeros(1)]
    for points in family:
        x, y = points.inverse_ghz, points.ms
        first, second = np.triu_indices(len(x), 1)
        apart = x[first] != x[second]
        first, second = first[apart], second[apart]
        found.append((y[first] - y[second]) / (x[first] - x[second]))
        if expected is not None:
            found.append(expected.mean * y / x)
    slopes = np.unique(np.concatenate(found))
    return slopes[slopes >= 0]


def _offsets(points: Points, slopes: Floats, scale: float) -> tuple[Floats, Floats]:
    """For each slope (s,) the best offset of those through a point, and its loss (s,)."""
    rest = points.ms - slopes[:, None] * points.inverse_ghz
    candidates = np.maximum(rest, 0)
    fitted = _positive(slopes[:, None, None] * points.inverse_ghz + candidates[:, :, None])
    losses = cauchy(np.log(points.ms / fitted), scale).sum(axis=2)
    best = losses.argmin(axis=1)
    rows = np.arange(len(slopes))
    return candidates[rows, best], losses[rows, best]


def _polish(
    family: Mapping[str, Points],
    lines: dict[str, Line],
    loss: float,
    scale: float,
    expected: Share | None,
) -> tuple[dict[str, Line], float]:
    """Reweighted least squares from the best candidate, as long as the loss falls."""
    from scipy.optimize import nnls

    modes = list(family)
    x = np.concatenate([family[m].inverse_ghz for m in modes])
    y = np.concatenate([family[m].ms for m in modes])
    which = np.concatenate([np.full(len(family[m].ms), i) for i, m in enumerate(modes)])
    design = np.column_stack([x, *(which == i for i in range(len(modes)))]).astype(np.float64)
    for _ in range(20):
        residuals = np.concatenate([residuals_of(family[m], lines[m]) for m in modes])
        weights = 1 / (y * np.sqrt(1 + (residuals / scale) ** 2))
        solution, _ = nnls(design * weights[:, None], y * weights)
        trial = {m: (float(solution[0]), float(solution[i + 1])) for i, m in enumerate(modes)}
        trial_loss = _loss(family, trial, scale, expected)
        if trial_loss >= loss - 1e-9:
            break
        lines, loss = trial, trial_loss
    return lines, loss


def _loss(
    family: Mapping[str, Points], lines: Mapping[str, Line], scale: float, expected: Share | None
) -> float:
    total = 0.0
    for mode, points in family.items():
        total += float(cauchy(residuals_of(points, lines[mode]), scale).sum())
        if expected is not None:
            total += float(expected.loss(np.array([share_of(points, lines[mode])]))[0])
    return total
