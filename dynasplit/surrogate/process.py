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
_FREEDOM = 4.0
_JITTER = 1e-9


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the covariance.

    Attributes:
        gram: between all cells (m, m), of unit scale.
        variance: expected before anything is measured.
        firmness: how firmly; as by so many measurements.
    """

    gram: Floats
    variance: float
    firmness: float = 0.2


@dataclass(frozen=True, eq=False)
class Belief:
    """What is believed of a measurement of each cell (m,): mean and standard deviation.

    The noise of measuring is part of the deviation, since what is measured is what counts.
    """

    mean: Floats
    sd: Floats


def believe(
    parts: Sequence[Part],
    cells: npt.NDArray[np.intp],
    values: Floats,
    noise_sd: float,
    with_noise: bool = True,
    rounds: int = 15,
) -> Belief:
    """Fit the process to measured values, and say what it believes of every cell.

    Args:
        parts: the covariance, for m cells.
        cells: which cell each value was measured at (n,).
        values: measured (n,).
        noise_sd: expected standard deviation of a measurement.
        with_noise: believe of a measurement, not of what is behind it.
        rounds: of estimating the variances.
    """
    within = [part.gram[np.ix_(cells, cells)] for part in parts]
    variances = np.array([part.variance for part in parts])
    noise = noise_sd**2
    weights = np.ones(len(values))
    for _ in range(rounds):
        covariance = _sum(within, variances)
        inverse, alpha = _solve(covariance, noise / weights, values)
        residuals = noise / weights * alpha
        spread = noise / weights - (noise / weights) ** 2 * np.diag(inverse)
        variances = _update(variances, parts, within, inverse, alpha)
        noise = _update_noise(noise_sd, weights, residuals, spread)
        weights = (_FREEDOM + 1) / (_FREEDOM + (residuals**2 + np.maximum(spread, 0)) / noise)
    inverse, alpha = _solve(_sum(within, variances), noise / weights, values)
    across = _sum([part.gram[:, cells] for part in parts], variances)
    prior = _sum([np.diag(part.gram) for part in parts], variances)
    explained = np.einsum("ij,jk,ik->i", across, inverse, across, optimize=True)
    sd = np.sqrt(np.maximum(prior - explained, 0.0) + (noise if with_noise else 0.0))
    return Belief(np.asarray(across @ alpha), sd)


def _sum(grams: Sequence[Floats], variances: Floats) -> Floats:
    return np.asarray(sum(v * g for v, g in zip(variances, grams, strict=True)))


def _solve(covariance: Floats, noise: Floats, values: Floats) -> tuple[Floats, Floats]:
    from scipy.linalg import cho_factor, cho_solve

    total = covariance + np.diag(noise + _JITTER)
    factor = cho_factor(total, lower=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(values)), check_finite=False)
    return np.asarray(inverse), np.asarray(inverse @ values)


def _update(
    variances: Floats,
    parts: Sequence[Part],
    within: Sequence[Floats],
    inverse: Floats,
    alpha: Floats,
) -> Floats:
    """One multiplicative step for every part, towards the most probable variances."""
    updated = np.empty_like(variances)
    for i, (part, gram) in enumerate(zip(parts, within, strict=True)):
        hold = 2 * part.firmness / variances[i]
        seen = float(alpha @ gram @ alpha) + hold * part.variance / variances[i]
        expected = float(np.sum(inverse * gram)) + hold
        updated[i] = variances[i] * np.sqrt(seen / expected)
    return updated


def _update_noise(noise_sd: float, weights: Floats, residuals: Floats, spread: Floats) -> float:
    """The most probable noise variance, held as by four measurements."""
    hold = 4.0
    seen = float(np.sum(weights * (residuals**2 + np.maximum(spread, 0))))
    return (seen + hold * noise_sd**2) / (len(weights) + hold)
