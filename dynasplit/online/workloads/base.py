"""The base of workloads that are drawn, and what a workload is built from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dynasplit.core.errors import ConfigurationError
from dynasplit.online.workload import Floats, Indices


@dataclass(frozen=True, kw_only=True)
class Known:
    """The latencies that are known when thresholds are drawn.

    Attributes:
        medians_ms: each configuration's median (c,).
        reference_ms: those that the published way takes the extremes of (r,).
    """

    medians_ms: Sequence[float]
    reference_ms: Sequence[float]

    @classmethod
    def of(cls, latencies_ms: Sequence[float]) -> Known:
        """The same latencies for all kinds of workload."""
        return cls(medians_ms=latencies_ms, reference_ms=latencies_ms)

    def span_ms(self, low_ms: float | None, high_ms: float | None) -> tuple[float, float]:
        """The fastest and the slowest, unless a number is given instead."""
        return _span(self.medians_ms, low_ms, high_ms)

    def reference_span_ms(self, low_ms: float | None, high_ms: float | None) -> tuple[float, float]:
        """Likewise, of what the published way takes."""
        return _span(self.reference_ms, low_ms, high_ms)


def _span(known: Sequence[float], low: float | None, high: float | None) -> tuple[float, float]:
    return (min(known) if low is None else low, max(known) if high is None else high)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a workload is built from, besides its own options.

    Attributes:
        count: how many requests; None: as many as are stated.
        seed: of the draws.
        known: the latencies known.
        network: which network the requests ask for.
    """

    count: int | None
    seed: int
    known: Known
    network: str = "network"

    @property
    def drawn(self) -> int:
        """The number of requests to draw.

        Raises:
            ConfigurationError: it is not stated, or below 1.
        """
        if self.count is None or self.count < 1:
            raise ConfigurationError(f"workload.requests is {self.count}; allowed: 1 or more")
        return self.count


@dataclass(frozen=True)
class Drawn(ABC):
    """Thresholds that are drawn: number i follows from the seed and i alone.

    Attributes:
        count: how many.
        seed: of the draws.
    """

    count: int
    seed: int = 0

    def uniforms(self, start: int, stop: int) -> Floats:
        """The uniform numbers behind thresholds start..stop (n,), in [0, 1)."""
        return np.random.Generator(np.random.PCG64(self.seed).advance(start)).random(stop - start)

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        return self.quantiles(self.uniforms(start, stop))

    def indices(self, start: int, stop: int) -> Indices:
        """The numbers of requests start..stop (n,)."""
        return np.arange(start, stop)

    @abstractmethod
    def quantiles(self, shares: Floats) -> Floats:
        """The thresholds in ms (n,) below which these shares (n,) of all lie."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The distribution in words."""


def check_span(min_ms: float, max_ms: float) -> None:
    """Refuse a span of thresholds that cannot be.

    Raises:
        ConfigurationError: it begins at or below 0, ends before it begins, or has no end.
    """
    if not 0 < min_ms <= max_ms < float("inf"):
        raise ConfigurationError(
            f"workload.min_ms={min_ms} and workload.max_ms={max_ms}; allowed: 0 < min_ms <= max_ms"
        )


def check_above_0(name: str, value: float) -> None:
    """Refuse a number that is not above 0, or has no end.

    Raises:
        ConfigurationError: names it.
    """
    if not 0 < value < float("inf"):
        raise ConfigurationError(f"workload.{name} is {value}; allowed: above 0")


def check_quantile(value: float) -> None:
    """Refuse a quantile that is no share between a half and 1.

    Raises:
        ConfigurationError: it is not.
    """
    if not 0.5 < value < 1:
        raise ConfigurationError(
            f"workload.slowest_quantile is {value}; allowed: above 0.5, below 1"
        )
