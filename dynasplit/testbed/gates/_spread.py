"""How sure a mean is, from readings that may resemble their neighbours."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

_UPPER = 0.975  # of two sides at 95 %
_LEAST_BLOCKS, _MOST_BLOCKS = 4, 30


def thirds(values: Sequence[float]) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    """The first, second and last third."""
    third = len(values) // 3
    return values[:third], values[third : len(values) - third], values[len(values) - third :]


def pooled_sd(parts: Sequence[Sequence[float]]) -> float:
    """Standard deviation around each part's own mean; 0 where there are too few values."""
    freedom = sum(len(part) - 1 for part in parts)
    if freedom < 1:
        return 0.0
    parts = [part for part in parts if part]
    means = [statistics.fmean(part) for part in parts]
    squares = sum((v - mean) ** 2 for part, mean in zip(parts, means, strict=True) for v in part)
    return math.sqrt(squares / freedom)


def half_ci(values: Sequence[float]) -> float | None:
    """Half the 95 % confidence interval of the mean; None: too few values.

    From the means of blocks in order (about the square root of their number, at least 4): what
    resembles its neighbours within a block is counted as one (batch means, Student's t).
    """
    from scipy.special import stdtrit

    count = max(_LEAST_BLOCKS, min(_MOST_BLOCKS, math.isqrt(len(values))))
    if len(values) < 2 * count:
        return None
    edges = [i * len(values) // count for i in range(count + 1)]
    means = [statistics.fmean(values[a:b]) for a, b in pairwise(edges)]
    return float(stdtrit(count - 1, _UPPER)) * statistics.stdev(means) / math.sqrt(count)
