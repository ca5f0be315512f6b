"""Thresholds that are spread evenly between two latencies."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.online.workload import Floats
from dynasplit.online.workloads.base import Drawn, Order, check_span


@dataclass(frozen=True)
class Uniform(Drawn):
    """Thresholds spread evenly over min_ms..max_ms.

    Attributes:
        min_ms: the least. max_ms: the greatest.
    """

    min_ms: float = 1.0
    max_ms: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        check_span(self.min_ms, self.max_ms)

    def quantiles(self, shares: Floats) -> Floats:
        """The thresholds in ms (n,) below which these shares (n,) of all lie."""
        return self.min_ms + shares * (self.max_ms - self.min_ms)

    @property
    def words(self) -> str:
        """The distribution in words."""
        return f"even from {self.min_ms:.4g} to {self.max_ms:.5g} ms"


def build(order: Order, *, min_ms: float | None = None, max_ms: float | None = None) -> Uniform:
    """Thresholds between the latencies known, unless others are given.

    Raises:
        ConfigurationError: an option is out of range.
    """
    return Uniform(order.drawn, order.seed, *order.known.span_ms(min_ms, max_ms))
