"""Thresholds as the published system makes them: a sample that is rescaled to a span.

Source: arXiv 2410.23881 (Weibull of shape 1; the sample's extremes become the fastest and the
slowest latency known). The more are drawn, the farther the greatest lies from all others, so that
figures of samples of different sizes do not compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dynasplit.online.workload import Floats
from dynasplit.online.workloads.base import Drawn, Order, check_above_0, check_span

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Reference(Drawn):
    """Thresholds of a Weibull distribution, scaled so that the sample spans min_ms..max_ms.

    Threshold i follows from the seed, i, and the sample's extremes.

    Attributes:
        min_ms: the least of the sample. max_ms: the greatest.
        shape: of the distribution.
    """

    min_ms: float = 1.0
    max_ms: float = 1.0
    shape: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        check_span(self.min_ms, self.max_ms)
        check_above_0("shape", self.shape)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest uniform number of the sample; memory is bounded."""
        least, most = 1.0, 0.0
        for start in range(0, self.count, _CHUNK):
            part = self.uniforms(start, min(self.count, start + _CHUNK))
            least, most = min(least, float(part.min())), max(most, float(part.max()))
        return least, most

    def quantiles(self, shares: Floats) -> Floats:
        """The thresholds in ms (n,) below which these shares (n,) of the distribution lie."""
        low, high = self._weibull(np.array(self.extremes)).tolist()
        if high == low:
            return np.full(len(shares), self.min_ms)
        found = self._weibull(shares)
        found -= low
        found *= (self.max_ms - self.min_ms) / (high - low)
        found += self.min_ms
        return np.minimum(found, self.max_ms, out=found)  # rounding

    def _weibull(self, uniforms: Floats) -> Floats:
        exponential = np.negative(uniforms)
        np.log1p(exponential, out=exponential)
        np.negative(exponential, out=exponential)
        return exponential if self.shape == 1 else np.asarray(exponential ** (1 / self.shape))

    @property
    def words(self) -> str:
        """The distribution in words, with what follows from it."""
        return (
            f"as published: {self.count:,} drawn, then rescaled to span {self.min_ms:.4g} to "
            f"{self.max_ms:.5g} ms; figures depend on how many are drawn"
        )


def build(
    order: Order,
    *,
    min_ms: float | None = None,
    max_ms: float | None = None,
    shape: float = 1.0,
) -> Reference:
    """Thresholds that span the latencies known, unless others are given.

    Raises:
        ConfigurationError: an option is out of range.
    """
    low, high = order.known.reference_span_ms(min_ms, max_ms)
    return Reference(order.drawn, order.seed, low, high, shape)
