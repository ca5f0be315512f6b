"""Thresholds of a Weibull distribution that does not depend on how many are drawn.

It begins at the fastest latency known, and its scale is such that a stated quantile is the slowest
one (docs/decisions.md says why the .99 quantile). The shape 1 is that of arXiv 2410.23881.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dynasplit.online.workload import Floats
from dynasplit.online.workloads.base import (
    Drawn,
    Order,
    check_above_0,
    check_quantile,
    check_span,
)


@dataclass(frozen=True)
class Weibull(Drawn):
    """Thresholds from min_ms on, of which the share `slowest_quantile` is below max_ms.

    Attributes:
        min_ms: where the distribution begins. max_ms: its quantile.
        shape: of the distribution.
        slowest_quantile: which quantile max_ms is.
    """

    min_ms: float = 1.0
    max_ms: float = 1.0
    shape: float = 1.0
    slowest_quantile: float = 0.99

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        check_span(self.min_ms, self.max_ms)
        check_above_0("shape", self.shape)
        check_quantile(self.slowest_quantile)

    @property
    def scale_ms(self) -> float:
        """The scale: (max_ms - min_ms) / (-ln(1 - q)) ** (1 / shape)."""
        return (self.max_ms - self.min_ms) / self._standard_quantile

    @property
    def _standard_quantile(self) -> float:
        return float((-math.log1p(-self.slowest_quantile)) ** (1 / self.shape))

    def quantiles(self, shares: Floats) -> Floats:
        """The thresholds in ms (n,) below which these shares (n,) of all lie."""
        found = np.negative(shares)
        np.log1p(found, out=found)
        np.negative(found, out=found)
        if self.shape != 1:
            found **= 1 / self.shape
        found *= self.scale_ms
        found += self.min_ms
        return found

    @property
    def words(self) -> str:
        """The distribution in words."""
        above_pct = 100 * (1 - self.slowest_quantile)
        return (
            f"Weibull distribution of shape {self.shape:g} from {self.min_ms:.4g} ms on, "
            f"{above_pct:.3g} % above {self.max_ms:.5g} ms"
        )


def build(
    order: Order,
    *,
    min_ms: float | None = None,
    max_ms: float | None = None,
    shape: float = 1.0,
    slowest_quantile: float = 0.99,
) -> Weibull:
    """Thresholds between the latencies known, unless others are given.

    Raises:
        ConfigurationError: an option is out of range.
    """
    low, high = order.known.span_ms(min_ms, max_ms)
    return Weibull(order.drawn, order.seed, low, high, shape, slowest_quantile)
