"""The policies' block of summary.json, from served requests or from counts of drawn runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dynasplit.core.intervals import Interval, Pairs, of_mean, of_saving, of_share
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
BASELINE = "cloud_only"
ALSO = ("accuracy_top5", "output_mae")
"""Figures of quality that no policy chooses by."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution of values with their counts.

    Attributes:
        values: (v,). counts: of each (v,).
    """

    values: Floats
    counts: Counts

    @classmethod
    def of(cls, values: Sequence[float] | Floats) -> Distribution:
        """Each value once."""
        return cls(np.asarray(values, dtype=np.float64), np.ones(len(values), dtype=np.int64))

    @property
    def total(self) -> int:
        """The number of values, repeats counted."""
        return int(self.counts.sum())

    def interval(self) -> list[float] | None:
        """The mean's 95 % interval; None where there are fewer than two values."""
        return _listed(of_mean(self.values, self.counts))

    def mean(self) -> float | None:
        """The mean; None where there is no value."""
        return float(self.values @ self.counts / self.total) if self.total else None

    def quantile(self, share: float) -> float | None:
        """As `numpy.quantile` of the repeated values; None where there is no value."""
        if not self.total:
            return None
        order = np.argsort(self.values)
        upto = np.cumsum(self.counts[order])
        place = share * (self.total - 1)
        low = int(place)
        ranks = np.array([low, min(low + 1, self.total - 1)])
        first, second = self.values[order][np.searchsorted(upto, ranks, side="right")].tolist()
        return float(first + (second - first) * (place - low))


@dataclass(frozen=True, eq=False, kw_only=True)
class PolicyFigures:
    """One policy's figures over its requests: met, latency, energy, quality.

    Attributes:
        requests: how many. met: latency at most the threshold.
        infeasible: not met, and allowing less than the fastest configuration was known to need.
        latency_ms: of the requests.
        energy_j: of the requests; None: not measured.
        quality: accuracy or fidelity of the requests; None: not measured.
        quality_name: which of the two.
        images: on how many images the quality was determined; None: not known.
        exceedance_ms_median: over the requests that were not met; None: there are none.
        throughput_rps: inferences a second while each was measured; None: not measured.
        also: further figures of quality that were measured, by name (see `ALSO`).
        paired_j: each request's energy beside the one under cloud_only; None: not both known.
    """

    requests: int
    met: int
    infeasible: int
    latency_ms: Distribution
    energy_j: Distribution | None
    quality: Distribution | None
    quality_name: Literal["accuracy", "fidelity"] | None
    exceedance_ms_median: float | None
    images: int | None = None
    throughput_rps: Distribution | None = None
    also: Mapping[str, Distribution] = field(default_factory=dict)
    paired_j: Pairs | None = None

    @classmethod
    def of(
        cls, rows: Sequence[ServedRequest], baseline_j: Mapping[int, float | None] | None = None
    ) -> PolicyFigures:
        """The figures of one policy's served requests (at least one).

        Args:
            rows: the requests.
            baseline_j: the energy of each under cloud_only, by its number; None: it served none.
        """
        runs = [row.measurement for row in rows]
        exceedances = [row.exceedance_ms for row in rows if row.exceedance_ms is not None]
        name: Literal["accuracy", "fidelity"] = "accuracy"
        quality = _complete([m.accuracy for m in runs])
        if quality is None:
            name, quality = "fidelity", _complete([m.fidelity for m in runs])
        return cls(
            requests=len(rows),
            met=sum(row.met for row in rows),
            infeasible=sum(row.infeasible for row in rows),
            latency_ms=Distribution.of([m.latency_ms for m in runs]),
            energy_j=_complete([m.energy_j for m in runs]),
            quality=quality,
            quality_name=name if quality else None,
            exceedance_ms_median=float(np.median(exceedances)) if exceedances else None,
            images=images_of(runs),
            throughput_rps=_complete([m.throughput_rps for m in runs]),
            also={
                n: found
                for n in ALSO
                if (found := _complete([getattr(m, n) for m in runs])) is not None
            },
            paired_j=_paired(rows, baseline_j or {}),
        )

    def block(self) -> dict[str, Any]:
        """The policy's entry."""
        energy = self.energy_j
        mean_j = energy.mean() if energy else None
        saving = None
        if self.paired_j is not None and self.paired_j.baseline.any():
            counts = self.paired_j.counts
            spent_j = float(self.paired_j.values @ counts), float(self.paired_j.baseline @ counts)
            saving = 100 * (1 - spent_j[0] / spent_j[1])
        found: dict[str, Any] = {
            "requests": self.requests,
            "met_pct": 100 * self.met / self.requests,
            "infeasible": self.infeasible,
            "latency_ms": {
                "median": self.latency_ms.quantile(0.5),
                "mean": self.latency_ms.mean(),
                "p95": self.latency_ms.quantile(0.95),
            },
            "energy_j": {"median": energy.quantile(0.5) if energy else None, "mean": mean_j},
        }
        if self.quality_name and self.quality:
            found[self.quality_name] = self.quality.mean()
            if self.images:
                found["images"] = self.images
        if self.throughput_rps:
            found["throughput_rps"] = {"median": self.throughput_rps.quantile(0.5)}
        found |= {name: values.mean() for name, values in self.also.items()}
        found["exceedance_ms_median"] = self.exceedance_ms_median
        found["energy_saving_vs_cloud_pct"] = saving
        found["confidence_95"] = self._intervals(saving)
        return found

    def _intervals(self, saving: float | None) -> dict[str, list[float] | None]:
        """The 95 % intervals of the entry's figures, over requests."""
        found = {
            "met_pct": _listed(of_share(self.met, self.requests), 100),
            "latency_ms_mean": self.latency_ms.interval(),
            "energy_j_mean": self.energy_j.interval() if self.energy_j else None,
            "energy_saving_vs_cloud_pct": None,
        }
        if saving is not None and self.paired_j is not None:
            found["energy_saving_vs_cloud_pct"] = _listed(of_saving(self.paired_j), 100)
        if self.quality_name and self.quality:
            found[self.quality_name] = self._quality_interval(self.quality.mean())
        return found

    def _quality_interval(self, share: float | None) -> list[float] | None:
        """Over images, of which the quality is a share; None: how many is not known."""
        if share is None or not self.images:
            return None
        return _listed(of_share(share * self.images, self.images))


def policy_blocks(figures: Mapping[str, PolicyFigures]) -> dict[str, dict[str, Any]]:
    """The policies' block of summary.json.

    Each policy has `requests`, `met_pct`, `infeasible`, `latency_ms` {median, mean, p95},
    `energy_j` {median, mean}, `accuracy` or `fidelity` (mean) and on how many `images`, those of
    `ALSO` that were measured (mean), `exceedance_ms_median` (over the requests not met),
    `energy_saving_vs_cloud_pct` (of means), and `confidence_95`, the intervals [low, high] of these
    over requests, of the quality over images; what is not known is None.
    """
    return {name: found.block() for name, found in figures.items()}


def summarise_requests(rows: Iterable[ServedRequest]) -> dict[str, dict[str, Any]]:
    """The policies' block of summary.json from served requests, in their order."""
    by_policy: dict[str, list[ServedRequest]] = {}
    for row in rows:
        by_policy.setdefault(row.policy, []).append(row)
    cloud_j = {row.request: row.measurement.energy_j for row in by_policy.get(BASELINE, ())}
    return policy_blocks({n: PolicyFigures.of(mine, cloud_j) for n, mine in by_policy.items()})


def medians_of(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One policy's blocks (at least one), each figure their median; None where all have None.

    An interval is the narrowest one that holds each block's.
    """
    found: dict[str, Any] = {}
    for name, first in blocks[0].items():
        values = [block[name] for block in blocks]
        if isinstance(first, Mapping):
            found[name] = medians_of(values)
        elif any(isinstance(v, list) for v in values):  # an interval: what holds all of them
            bounds = np.array([v for v in values if v is not None])
            found[name] = [float(bounds[:, 0].min()), float(bounds[:, 1].max())]
        else:
            present = [v for v in values if v is not None]
            found[name] = float(np.median(present)) if present else None
    return found


def images_of(runs: Iterable[Measurement]) -> int | None:
    """On how many images the quality of all was determined; None: they differ, or lack it."""
    found = {run.images for run in runs}
    return found.pop() if len(found) == 1 else None


def _paired(rows: Sequence[ServedRequest], baseline_j: Mapping[int, float | None]) -> Pairs | None:
    """Each request's energy with that under the baseline; None: one of them is not known."""
    pairs = [
        (mine_j, cloud_j)
        for row in rows
        if (mine_j := row.measurement.energy_j) is not None
        and (cloud_j := baseline_j.get(row.request)) is not None
    ]
    if len(pairs) < len(rows):
        return None
    values = np.array(pairs, dtype=np.float64)
    return Pairs(values[:, 0], values[:, 1], np.ones(len(pairs), dtype=np.int64))


def _listed(interval: Interval | None, times: float = 1.0) -> list[float] | None:
    return None if interval is None else [times * bound for bound in interval]


def _complete(values: Sequence[float | None]) -> Distribution | None:
    present = [v for v in values if v is not None]
    return Distribution.of(present) if present and len(present) == len(values) else None
