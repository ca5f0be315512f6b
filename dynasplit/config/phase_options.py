"""Options of the offline phase and of the online phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from dynasplit.config.rules import (
    above,
    at_least,
    existing_file,
    module_of,
    option,
    share,
    within,
)


@dataclass
class SearchConf:
    """The offline phase: how to search, and when to stop (whatever comes first).

    Attributes:
        algorithm: name of a file in dynasplit/search. options: its own.
        fraction: of the space that is measured (not of a grid, which is measured whole).
        trials: how many configurations instead.
        testbed_time_s: time on the testbed. min_gain: least expected gain in hypervolume.
        front_repeats: how often the front's members are measured again.
    """

    algorithm: str = option(MISSING, module_of("dynasplit.offline.search"))
    fraction: float | None = option(0.2, share(zero=False))
    trials: int | None = option(None, at_least(1))
    testbed_time_s: float | None = option(None, above(0))
    min_gain: float | None = option(None, share(zero=False, one=False))
    front_repeats: int = option(4, at_least(0))
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class PolicyConf:
    """Options of the policy `dynasplit`.

    Attributes:
        quantile: share of the repeats that must be within the threshold (0.5: their median).
        energy_tolerance: what needs at most this share more than the least energy is as good;
            of it, the fastest is taken.
        margin: share by which the threshold must exceed that latency.
        min_accuracy: least accuracy (or fidelity) of what is chosen.
    """

    quantile: float = option(0.5, share())
    energy_tolerance: float = option(0.01, share(one=False))
    margin: float = option(0.0, within("from 0, below 10 (a share)", lambda v: 0 <= v < 10))
    min_accuracy: float | None = option(None, share())


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
