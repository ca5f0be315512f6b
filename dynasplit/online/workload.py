"""Requests and their latency thresholds: drawn, or read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import ConfigurationError, DataError

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Request:
    """One inference request.

    Attributes:
        index: its place in the workload.
        network: the network that it asks for.
        threshold_ms: the latency that it allows.
    """

    index: int
    network: str
    threshold_ms: float


class Thresholds(Protocol):
    """Many requests' thresholds, of which any part can be had by itself."""

    @property
    def count(self) -> int:
        """The number of requests."""
        ...

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        ...

    def indices(self, start: int, stop: int) -> Indices:
        """The numbers of requests start..stop (n,), which their draws depend on."""
        ...


@dataclass(frozen=True)
class WeibullThresholds:
    """Thresholds of a Weibull distribution, scaled so that the sample spans min_ms..max_ms.

    Source: arXiv 2410.23881 (shape 1; fastest and slowest latency known). Threshold i follows
    from the seed, i, and the sample's extremes, so any part can be drawn by itself.

    Attributes:
        count: how many.
        min_ms: the least of the sample. max_ms: the greatest.
        shape: of the distribution.
        seed: of the sample.
    """

    count: int
    min_ms: float
    max_ms: float
    shape: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.count < 1:
            raise ConfigurationError(f"workload.requests is {self.count}; allowed: 1 or more")
        if not 0 < self.min_ms <= self.max_ms < float("inf"):
            raise ConfigurationError(
                f"workload.min_ms={self.min_ms} and workload.max_ms={self.max_ms}; allowed: "
                "0 < min_ms <= max_ms"
            )
        if not 0 < self.shape < float("inf"):
            raise ConfigurationError(f"workload.shape is {self.shape}; allowed: above 0")

    def uniforms(self, start: int, stop: int) -> Floats:
        """The uniform numbers behind thresholds start..stop (n,), in [0, 1)."""
        return np.random.Generator(np.random.PCG64(self.seed).advance(start)).random(stop - start)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The least and the greatest uniform number of the sample; memory is bounded."""
        least, most = 1.0, 0.0
        for start in range(0, self.count, _CHUNK):
            part = self.uniforms(start, min(self.count, start + _CHUNK))
            least, most = min(least, float(part.min())), max(most, float(part.max()))
        return least, most

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        low, high = self._weibull(np.array(self.extremes)).tolist()
        if high == low:
            return np.full(stop - start, self.min_ms)
        found = self._weibull(self.uniforms(start, stop))
        found -= low
        found *= (self.max_ms - self.min_ms) / (high - low)
        found += self.min_ms
        return np.minimum(found, self.max_ms, out=found)  # rounding

    def indices(self, start: int, stop: int) -> Indices:
        """The numbers of requests start..stop (n,)."""
        return np.arange(start, stop)

    def _weibull(self, uniforms: Floats) -> Floats:
        np.negative(uniforms, out=uniforms)
        exponential = np.log1p(uniforms, out=uniforms)
        np.negative(exponential, out=exponential)
        return exponential if self.shape == 1 else np.asarray(exponential ** (1 / self.shape))


def weibull_thresholds(
    n: int, min_ms: float, max_ms: float, shape: float = 1.0, seed: int = 0
) -> Floats:
    """Thresholds in ms (n,), as `WeibullThresholds` describes them.

    Raises:
        ConfigurationError: a number is out of range.
    """
    return WeibullThresholds(n, min_ms, max_ms, shape, seed).part(0, n)


def weibull_requests(
    n: int, network: str, min_ms: float, max_ms: float, shape: float = 1.0, seed: int = 0
) -> list[Request]:
    """Requests for one network with such thresholds."""
    thresholds = weibull_thresholds(n, min_ms, max_ms, shape, seed).tolist()
    return [Request(i, network, threshold) for i, threshold in enumerate(thresholds)]


@dataclass(frozen=True, eq=False)
class Workload:
    """A workload file, in columns.

    Attributes:
        index: each request's own number (n,).
        thresholds_ms: the latency that it allows (n,).
        network: which network they all ask for.
    """

    index: Indices
    thresholds_ms: Floats
    network: str

    @property
    def count(self) -> int:
        """The number of requests."""
        return len(self.index)

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        return self.thresholds_ms[start:stop]

    def indices(self, start: int, stop: int) -> Indices:
        """The numbers of requests start..stop (n,)."""
        return self.index[start:stop]

    def requests(self) -> list[Request]:
        """Every row as a record."""
        pairs = zip(self.index.tolist(), self.thresholds_ms.tolist(), strict=True)
        return [Request(index, self.network, threshold) for index, threshold in pairs]


def read_workload(path: str | Path, network: str | None = None) -> Workload:
    """Read a workload with the columns Index, Network and Latency (the threshold in ms).

    Args:
        path: a CSV or parquet file.
        network: whose requests are taken; None: the file's only network's.

    Raises:
        DataError: what cannot be used, by file, data row (from 0) and column; no request of
            that network; requests of several, and none was selected.
    """
    from dynasplit.tables.workloads import read_columns

    index, networks, thresholds_ms = read_columns(Path(path))
    found = list(dict.fromkeys(networks.tolist()))
    if network is None and len(found) > 1:
        raise DataError(f"{path}: requests of {found}; select one with workload.network")
    chosen = network if network is not None else found[0]
    mine = networks == chosen
    if not mine.any():
        raise DataError(f"{path}: no request of {chosen!r}; found: {found}")
    return Workload(index[mine].astype(np.int64), thresholds_ms[mine], chosen)
