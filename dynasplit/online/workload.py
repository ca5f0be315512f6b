"""Requests and their latency thresholds; `workloads/` holds the ways to come by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import DataError

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Request:
    """One inference request.

    Attributes:
        index: its place in the workload.
        network: the network that it asks for.
        threshold_ms: the latency that it allows.
        arrival_ms: since the first one; None: when the request before it is answered.
    """

    index: int
    network: str
    threshold_ms: float
    arrival_ms: float | None = None

    @property
    def payload(self) -> int:
        """The number of the image to be classified; images are taken in turn."""
        return self.index

    @property
    def deadline_ms(self) -> float | None:
        """By when it has to be answered, since the first one's arrival; None: not known before."""
        return None if self.arrival_ms is None else self.arrival_ms + self.threshold_ms


class Thresholds(Protocol):
    """Many requests' thresholds, of which any part can be had by itself."""

    @property
    def count(self) -> int:
        """The number of requests."""
        ...

    @property
    def words(self) -> str:
        """Where the thresholds come from, in words."""
        ...

    def part(self, start: int, stop: int) -> Floats:
        """Thresholds start..stop in ms (n,)."""
        ...

    def indices(self, start: int, stop: int) -> Indices:
        """The numbers of requests start..stop (n,), which their draws depend on."""
        ...


def requests_of(thresholds: Thresholds, network: str) -> list[Request]:
    """Every request as a record; those of a file ask for its own network."""
    if isinstance(thresholds, Workload):
        return thresholds.requests()
    allowed_ms = thresholds.part(0, thresholds.count).tolist()
    numbers = thresholds.indices(0, thresholds.count).tolist()
    pairs = zip(numbers, allowed_ms, strict=True)
    return [Request(number, network, threshold) for number, threshold in pairs]


@dataclass(frozen=True, eq=False)
class Workload:
    """Stated requests, in columns.

    Attributes:
        index: each request's own number (n,).
        thresholds_ms: the latency that it allows (n,).
        network: which network they all ask for.
        words: where they come from.
    """

    index: Indices
    thresholds_ms: Floats
    network: str
    words: str = "stated"

    def first(self, count: int | None) -> Workload:
        """At most so many of them; None: all."""
        if count is None or count >= self.count:
            return self
        told = f"{self.words}, the first {count:,} of {self.count:,} (workload.requests)"
        return Workload(self.index[:count], self.thresholds_ms[:count], self.network, told)

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
    told = f"of {Path(path).name}"
    return Workload(index[mine].astype(np.int64), thresholds_ms[mine], chosen, told)
