"""A Gaussian process whose covariance is a sum of given parts; the data say how large each is.

The parts' variances are estimated by the multiplicative updates for variance components (Zhou,
Hu, Zhou, Lange: MM algorithms for variance components models, 2019), held weakly near a prior;
noise is Student-t by reweighting, so that an outlier does not move its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
# A measurement may be an outlier: how often, and how far off it then is (logarithms).
_STRAY_RATE, _STRAY_DENSITY, _STRAY_VARIANCE = 0.05, 1.0, 0.3**2
_JITTER = 1e-9
# Variances are estimated from at most so many measurements.
_ENOUGH = 160


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the covariance between m cells.

    Attributes:
        weight: what the part is proportional to in each cell (m,); 1 for a level.
        group: cells of different groups have nothing in common (m,).
        place: cells have the less in common, the farther their places are apart (m,); None:
            as much at any distance.
        variance: expected before anything is measured.
        firmness: how firmly; as by so many measurements.
    """

    weight: Floats
    group: Indices
    place: Floats | None
    variance: float
    firmness: float = 0.01

    def between(self, rows: Indices, columns: Indices) -> Floats:
        """Of unit variance, between some cells (r,) and others (c,): an array (r, c)."""
        gram = np.outer(self.weight[rows], self.weight[columns])
        gram *= np.equal.outer(self.group[rows], self.group[columns])
        if self.place is not None:
            gram *= np.exp(-np.abs(np.subtract.outer(self.place[rows], self.place[columns])))
        return np.asarray(gram)


@dataclass(frozen=True, eq=False)
class CellPosterior:
    """The posterior of each cell (m,): mean and standard deviation.

    Attributes:
        trust: how far each measurement was trusted (n,), up to 1.
    """

    mean: Floats
    sd: Floats
    trust: Floats


@dataclass(frozen=True, eq=False)
class _Scales:
    variances: Floats
    noise: float


def posterior_of(
    parts: Sequence[Part],
    cells: Indices,
    values: Floats,
    noise_sd: float,
    with_noise: bool = True,
    trust: Floats | None = None,
    rounds: int = 12,
) -> CellPosterior:
    """Fit the process to measured values, and give the posterior of every cell.

    Args:
        parts: the covariance, for m cells.
        cells: which cell each value was measured at (n,).
        values: measured (n,).
        noise_sd: expected standard deviation of a measurement.
        with_noise: posterior_of of a measurement, not of what is behind it.
        trust: how far each measurement is trusted beforehand (n,), up to 1; None: wholly.
        rounds: of estimating the variances.
    """
    before = np.ones(len(values)) if trust is None else trust
    some = np.unique(np.linspace(0, len(values) - 1, _ENOUGH).astype(np.intp))
    grams = np.stack([part.between(cells[some], cells[some]) for part in parts])
    scales, weights = _estimate(parts, grams, values[some], noise_sd, before[some], rounds)
    if len(some) < len(values):
        grams = np.stack([part.between(cells, cells) for part in parts])
        weights = _weights(scales, grams, values, before)
    return _predict(parts, scales, grams, weights, cells, values, with_noise)


def _estimate(
    parts: Sequence[Part],
    grams: Floats,
    values: Floats,
    noise_sd: float,
    before: Floats,
    rounds: int,
) -> tuple[_Scales, Floats]:
    prior = np.array([part.variance for part in parts])
    hold = 2 * np.array([part.firmness for part in parts])
    scales, weights = _Scales(prior, noise_sd**2), before
    for _ in range(rounds):
        inverse, alpha = _solve(scales, grams, weights, values)
        seen = (grams @ alpha) @ alpha
        expected = np.tensordot(grams, inverse, 2)
        seen += hold * prior / scales.variances**2
        expected += hold / scales.variances
        squares = _squares(scales, inverse, alpha, weights)
        noise = (float(weights @ squares) + 4 * noise_sd**2) / (len(values) + 4)
        weights = before * _reweighted(scales, inverse, alpha, weights)
        scales = _Scales(scales.variances * (seen / expected), noise)
    return scales, weights


def _weights(scales: _Scales, grams: Floats, values: Floats, before: Floats) -> Floats:
    weights = before
    for _ in range(3):
        inverse, alpha = _solve(scales, grams, weights, values)
        weights = before * _reweighted(scales, inverse, alpha, weights)
    return weights


def _reweighted(scales: _Scales, inverse: Floats, alpha: Floats, weights: Floats) -> Floats:
    """Robust weights of measurements (n,), by their deviation from the others' prediction.

    A surprise is trusted little until a second one agrees with it.
    """
    left_out = 1 / np.diag(inverse)
    variance = left_out - scales.noise / weights + scales.noise
    likely = np.exp(-0.5 * (alpha * left_out) ** 2 / variance) / np.sqrt(2 * np.pi * variance)
    stray = _STRAY_RATE * _STRAY_DENSITY
    doubt = stray / (stray + (1 - _STRAY_RATE) * likely)
    return np.asarray((scales.noise / _STRAY_VARIANCE) ** doubt)


def _squares(scales: _Scales, inverse: Floats, alpha: Floats, weights: Floats) -> Floats:
    """The expected square of each measurement's noise (n,)."""
    noise = scales.noise / weights
    return np.asarray((noise * alpha) ** 2 + np.maximum(noise - noise**2 * np.diag(inverse), 0))


def _solve(
    scales: _Scales, grams: Floats, weights: Floats, values: Floats
) -> tuple[Floats, Floats]:
    from scipy.linalg import cho_factor, cho_solve

    total = np.tensordot(scales.variances, grams, 1)
    total[np.diag_indices_from(total)] += scales.noise / weights + _JITTER
    factor = cho_factor(total, lower=True, check_finite=False, overwrite_a=True)
    inverse = cho_solve(factor, np.eye(len(values)), check_finite=False)
    return np.asarray(inverse), np.asarray(inverse @ values)


def _predict(
    parts: Sequence[Part],
    scales: _Scales,
    grams: Floats,
    weights: Floats,
    cells: Indices,
    values: Floats,
    with_noise: bool,
) -> CellPosterior:
    inverse, alpha = _solve(scales, grams, weights, values)
    every = np.arange(len(parts[0].weight))
    across = np.zeros((len(every), len(cells)))
    variance = np.full(len(every), scales.noise if with_noise else 0.0)
    for part, scale in zip(parts, scales.variances, strict=True):
        across += scale * part.between(every, cells)
        variance += scale * part.weight**2
    variance -= np.einsum("ij,ij->i", across @ inverse, across)
    return CellPosterior(np.asarray(across @ alpha), np.sqrt(np.maximum(variance, 0.0)), weights)
