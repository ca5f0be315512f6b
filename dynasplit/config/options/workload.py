"""The options of `workload`: the requests of the online phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from dynasplit.config.paths import existing_file
from dynasplit.config.rules import (
    above,
    at_least,
    name_in_folder,
    one_of,
    option,
    within,
)

_STATED = {"file": "file", "thresholds_ms": "stated", "classes": "classes"}
"""Options that say by themselves which kind of workload is asked for."""
_DEFAULT = "weibull"
_NO_OPTION = ("kind", "requests", "serve", "options")


@dataclass
class WorkloadConf:
    """The requests: drawn, stated, or read from a file.

    Attributes:
        kind: name of a file in dynasplit/online/workloads; a file, thresholds or classes
            say it by themselves.
        requests: how many; with a file or stated thresholds, at most so many of it (None: all).
        min_ms: where thresholds begin; None: the fastest latency known. max_ms: where they end, or
            their slowest_quantile; None: the slowest latency known.
        shape: of a Weibull distribution.
        slowest_quantile: which quantile of the thresholds max_ms is.
        thresholds_ms: the thresholds, one by one.
        classes: classes of service, each {name, share, threshold_ms or distribution}.
        file: CSV or parquet with Index, Network, Latency. network: whose requests of the file.
        serve: `request`: one inference serves a request; `window`: a measured window does, the
            published way.
        options: of a workload from a folder of extensions.
    """

    kind: str = option(_DEFAULT, name_in_folder("dynasplit.online.workloads"))
    requests: int | None = option(50, at_least(1))
    min_ms: float | None = option(None, above(0))
    max_ms: float | None = option(None, above(0))
    shape: float = option(1.0, above(0))
    slowest_quantile: float = option(0.99, within("above 0.5, below 1", lambda v: 0.5 < v < 1))
    thresholds_ms: list[float] | None = option(
        None, within("at least one, each above 0", lambda v: v and all(0 < t < 1e15 for t in v))
    )
    classes: list[Any] | None = None
    file: str | None = option(None, existing_file())
    network: str | None = None
    serve: str = option("request", one_of("request", "window"))
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def settled_kind(self) -> str:
        """The kind: the one that a file, thresholds or classes say, else the one asked for."""
        return next((kind for key, kind in _STATED.items() if self._given(key)), self.kind)

    @property
    def own_options(self) -> dict[str, Any]:
        """The options of the kind: those that are not as by default."""
        default = WorkloadConf()
        named = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in _NO_OPTION and getattr(self, f.name) != getattr(default, f.name)
        }
        return named | self.options

    def conflicts(self) -> Iterator[str]:
        """Values that exclude each other."""
        if self.min_ms is not None and self.max_ms is not None and self.min_ms > self.max_ms:
            yield f"min_ms={self.min_ms}; allowed: up to workload.max_ms={self.max_ms:g}"
        given = [key for key in _STATED if self._given(key)]
        if len(given) > 1:
            yield f"{given[0]} and workload.{given[1]} are both given; allowed: one of them"
        elif given and self.kind not in (_DEFAULT, _STATED[given[0]]):
            kind = _STATED[given[0]]
            yield f"{given[0]} is given with workload={self.kind}; allowed: workload={kind}"
        for key, kind in _STATED.items():
            if self.kind == kind and not given:
                yield f"{key}=None; allowed with workload={kind}: one that is given"
        if self.requests is None and self.settled_kind not in ("file", "stated"):
            yield (
                "requests=None; allowed: 1 or more, unless workload.file or workload.thresholds_ms "
                "is given"
            )

    def _given(self, key: str) -> bool:
        return getattr(self, key) is not None
