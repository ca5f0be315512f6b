"""95 % intervals over requests: of a share, of a mean, and of a saving, which is a ratio of means.

A share's is Wilson's score interval (E. B. Wilson, JASA 22, 1927). A mean's and a ratio's is that
of Student's t with its skewness removed by a cubic transformation (P. Hall, Journal of the Royal
Statistical Society B 54, 1992): energies of requests lie in two clusters, which makes the plain
percentile bootstrap too narrow (docs/decisions.md has the coverages). All need counts of values
alone, so that 10^8 requests cost what 50 do, and none draws anything at random.

A mean over a few runs with seeds of their own has Student's (1908).

The difference of two shares of right answers has Bonett and Price's adjusted Wald interval where
they are of the same images (Journal of Educational and Behavioral Statistics 37, 2012; compared
with others by M. W. Fagerland and others, Statistics in Medicine 33, 2014), and Agresti and Caffo's
where they are not (The American Statistician 54, 2000).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Interval = tuple[float, float]
LEVEL = 0.95
_SYMMETRIC = 1e-6
"""A skewness below which the transformation is the identity, to the precision of numbers."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Two figures of each request, one of them under a baseline, with how often they occur.

    Attributes:
        values: (v,). baseline: (v,). counts: of each pair (v,).
    """

    values: Floats
    baseline: Floats
    counts: Counts


def of_paired_difference(gained: float, lost: float, total: float) -> Interval:
    """The interval of the difference of two shares of the same images.

    Args:
        gained: how many are right in the first alone.
        lost: how many in the second alone.
        total: how many images, at least 1.
    """
    up, down = (gained + 1) / (total + 2), (lost + 1) / (total + 2)
    half = _normal(LEVEL) * math.sqrt((up + down - (up - down) ** 2) / (total + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


def of_difference(count: float, total: float, other: float, other_total: float) -> Interval:
    """The interval of count / total - other / other_total, of images that are not paired."""
    first, second = (count + 1) / (total + 2), (other + 1) / (other_total + 2)
    variance = first * (1 - first) / (total + 2) + second * (1 - second) / (other_total + 2)
    half = _normal(LEVEL) * math.sqrt(variance)
    return max(-1.0, first - second - half), min(1.0, first - second + half)


def enough(decides: Callable[[int], bool], least: int, most: int = 10**8) -> int | None:
    """The least number from which on a sample decides; None: none up to `most` does.

    Args:
        decides: of a size, whether a sample of it would decide; larger ones do if smaller ones do.
        least: a size that does not.
        most: where the search ends.
    """
    low, high = least, 2 * least
    while not decides(high):
        low, high = high, 2 * high
        if low > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def of_share(count: float, total: int) -> Interval:
    """The interval of the share of which `count` of `total` (at least 1) are a sample."""
    z = _normal(LEVEL)
    share, weight = count / total, z * z / total
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / total + weight / total / 4) / (1 + weight)
    low = 0.0 if count == 0 else middle - half
    return low, 1.0 if count == total else middle + half


def of_mean(values: Floats, counts: Counts) -> Interval | None:
    """The interval of the mean of values (v,), none below 0, with their counts (v,).

    None where there are fewer than two.

    Where all are equal it is that value: nothing in the sample says more.
    """
    total = int(counts.sum())
    if total < 2:
        return None
    mean = float(values @ counts) / total
    low, high = _around(mean, values - mean, counts, 1.0)
    return max(low, 0.0), high


def of_seeds(values: Floats) -> Interval | None:
    """Student's interval of the mean of a few independent runs' figures (n,).

    None where there are fewer than two. Where all are equal it is that value.
    """
    from scipy.special import stdtrit

    if len(values) < 2:
        return None
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    half = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * spread / math.sqrt(len(values))
    return mean - half, mean + half


def of_saving(pairs: Pairs) -> Interval | None:
    """The interval of 1 - (mean of the values / mean of the baseline), by pairs.

    None where there are fewer than two pairs, or the baseline is 0.
    """
    total, spent = int(pairs.counts.sum()), float(pairs.baseline @ pairs.counts)
    if total < 2 or spent <= 0:
        return None
    ratio = float(pairs.values @ pairs.counts) / spent
    residuals = pairs.values - ratio * pairs.baseline
    low, high = _around(ratio, residuals, pairs.counts, spent / total)
    return 1 - high, min(1 - low, 1.0)


def _around(centre: float, residuals: Floats, counts: Counts, per: float) -> Interval:
    """Hall's interval around an estimate whose influence values are residuals (v,) / per."""
    from scipy.special import stdtrit

    total = int(counts.sum())
    spread = math.sqrt(float(residuals**2 @ counts) / total)
    if spread <= 1e-12 * abs(centre * per):
        return centre, centre
    skewness = float(residuals**3 @ counts) / total / spread**3
    most = float(stdtrit(total - 1, (1 + LEVEL) / 2))
    scale = spread / math.sqrt(total - 1) / per
    skewness /= math.sqrt(total)
    low, high = (centre - scale * _untransformed(bound, skewness) for bound in (most, -most))
    return low, high


def _untransformed(bound: float, skewness: float) -> float:
    """What the transformed statistic's bound comes to in the studentised statistic's own scale.

    The transformation is t + a t^2 + a^2 t^3 / 3 + b with a = skewness / 3, b = skewness / 6, the
    skewness divided by the root of the sample's size.
    """
    a, b = skewness / 3, skewness / 6
    if abs(a) < _SYMMETRIC:
        return bound
    return float((np.cbrt(1 + 3 * a * (bound - b)) - 1) / a)


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
