"""The options of `workload`: the requests of the online phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynasplit.config.paths import existing_file
from dynasplit.config.rules import (
    above,
    at_least,
    option,
)


@dataclass
class WorkloadConf:
    """The requests: drawn from a Weibull distribution, or read from a file.

    Attributes:
        requests: how many; with a file, at most so many of it (None: all).
        min_ms: least threshold; None: the fastest latency known. max_ms: greatest; likewise.
        shape: of the distribution.
        file: CSV or parquet with Index, Network, Latency. network: whose requests of the file.
    """

    requests: int | None = option(50, at_least(1))
    min_ms: float | None = option(None, above(0))
    max_ms: float | None = option(None, above(0))
    shape: float = option(1.0, above(0))
    file: str | None = option(None, existing_file())
    network: str | None = None

    def conflicts(self) -> Iterator[str]:
        """Values that exclude each other."""
        if self.min_ms is not None and self.max_ms is not None and self.min_ms > self.max_ms:
            yield f"min_ms={self.min_ms}; allowed: up to workload.max_ms={self.max_ms:g}"
        if self.file is None and self.requests is None:
            yield "requests=None; allowed: 1 or more, unless workload.file is given"
