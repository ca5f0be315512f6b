"""Thresholds of a lognormal distribution, stated by two of its quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dynasplit.online.workload import Floats
from dynasplit.online.workloads.base import Drawn, Order, check_quantile, check_span

_LEAST_SHARE = 2.0**-54
"""A uniform number of 0 stands for the half of the step to the next."""


@dataclass(frozen=True)
class Lognormal(Drawn):
    """Thresholds whose logarithms are normal: as many lie below min_ms as above max_ms.

    Attributes:
        min_ms: the quantile 1 - slowest_quantile. max_ms: the quantile slowest_quantile.
        slowest_quantile: see there.
    """

    min_ms: float = 1.0
    max_ms: float = 1.0
    slowest_quantile: float = 0.99

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        check_span(self.min_ms, self.max_ms)
        check_quantile(self.slowest_quantile)

    def quantiles(self, shares: Floats) -> Floats:
        """The thresholds in ms (n,) below which these shares (n,) of all lie."""
        from scipy.special import ndtri

        middle = math.log(self.min_ms * self.max_ms) / 2
        half = math.log(self.max_ms / self.min_ms) / 2
        spread = half / float(ndtri(self.slowest_quantile))
        return np.asarray(np.exp(middle + spread * ndtri(np.maximum(shares, _LEAST_SHARE))))

    @property
    def words(self) -> str:
        """The distribution in words."""
        outside_pct = 100 * (1 - self.slowest_quantile)
        return (
            f"lognormal, {outside_pct:.3g} % below {self.min_ms:.4g} ms and as many above "
            f"{self.max_ms:.5g} ms"
        )


def build(
    order: Order,
    *,
    min_ms: float | None = None,
    max_ms: float | None = None,
    slowest_quantile: float = 0.99,
) -> Lognormal:
    """Thresholds about the latencies known, unless others are given.

    Raises:
        ConfigurationError: an option is out of range.
    """
    low, high = order.known.span_ms(min_ms, max_ms)
    return Lognormal(order.drawn, order.seed, low, high, slowest_quantile)
