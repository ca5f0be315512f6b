"""Data series of the policies' figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from dynasplit.core.intervals import Pairs, of_mean, of_saving, of_share
from dynasplit.core.measurement import Source
from dynasplit.core.provenance import significant
from dynasplit.core.served_request import ServedRequest

Floats = npt.NDArray[np.float64]
Kind = Literal["cloud-only", "split", "edge-only"]
KINDS: tuple[Kind, ...] = ("cloud-only", "split", "edge-only")


def kind_of(split_point: int, last_split_point: int) -> Kind:
    """The kind of split of a split point."""
    if split_point == 0:
        return "cloud-only"
    return "edge-only" if split_point == last_split_point else "split"


@dataclass(frozen=True)
class Origin:
    """The origin of the numbers: measured, emulated, modelled or recorded.

    Attributes:
        model: the network's name; None: unknown.
        source: what they are of.
        remarks: what else to know of them; empty: nothing.
    """

    model: str | None
    source: Source
    remarks: str = ""

    @property
    def network(self) -> str:
        """The network in a title."""
        return self.model or "Unnamed network"


@dataclass(frozen=True, eq=False)
class PolicySeries:
    """The requests that one policy served, in columns of the same length n.

    Attributes:
        name: the policy's.
        threshold_ms: (n,). latency_ms: (n,).
        energy_j: (n,); NaN where it was not measured.
        infeasible: (n,), which could not be met by anything known.
        kinds: (n,), which kind of split served each.
    """

    name: str
    threshold_ms: Floats
    latency_ms: Floats
    energy_j: Floats
    infeasible: npt.NDArray[np.bool_]
    kinds: Sequence[Kind]

    @classmethod
    def of_served(
        cls, served: Sequence[ServedRequest], last_split_point: int
    ) -> list[PolicySeries]:
        """One series for each policy, in the order of their first requests."""
        rows: dict[str, list[ServedRequest]] = {}
        for one in served:
            rows.setdefault(one.policy, []).append(one)
        return [_series(name, mine, last_split_point) for name, mine in rows.items()]

    @property
    def exceedance_ms(self) -> Floats:
        """By how much the thresholds were missed (m,), of the m requests that were not met."""
        over = self.latency_ms - self.threshold_ms
        return np.asarray(over[over > 0])

    def violated_pct(self, infeasible: bool) -> float:
        """The share of requests not met, of those that were infeasible or of the others."""
        missed = self.latency_ms > self.threshold_ms
        return float(100 * (missed & (self.infeasible == infeasible)).mean())

    @property
    def missed_interval_pct(self) -> tuple[float, float]:
        """The 95 % interval of the share of requests not met."""
        low, high = of_share(len(self.exceedance_ms), len(self.latency_ms))
        return 100 * low, 100 * high

    def energy_words(self, baseline: PolicySeries | None) -> str:
        """Mean energy and saving against a baseline with their 95 % intervals, a line each."""
        counts = np.ones(len(self.energy_j), dtype=np.int64)
        span = of_mean(self.energy_j, counts)
        if np.isnan(self.energy_j).any() or span is None:
            return ""
        mean, low, high = (significant(v) for v in (float(self.energy_j.mean()), *span))
        told = f"mean {mean}\n{low}..{high}"
        if baseline is None or baseline is self or len(baseline.energy_j) != len(counts):
            return told
        saved = of_saving(Pairs(self.energy_j, baseline.energy_j, counts))
        if saved is None:
            return told
        pct = 100 * (1 - self.energy_j.sum() / baseline.energy_j.sum())
        return f"{told}\nsaves {pct:.1f} %\n{100 * saved[0]:.1f}..{100 * saved[1]:.1f}"

    def kind_pct(self, kind: Kind) -> float:
        """The share of requests served by a kind of split."""
        return 100 * sum(k == kind for k in self.kinds) / len(self.kinds)


def _series(name: str, rows: Sequence[ServedRequest], last_split_point: int) -> PolicySeries:
    energies = [r.measurement.energy_j for r in rows]
    return PolicySeries(
        name=name,
        threshold_ms=np.array([r.threshold_ms for r in rows]),
        latency_ms=np.array([r.measurement.latency_ms for r in rows]),
        energy_j=np.array([np.nan if e is None else e for e in energies]),
        infeasible=np.array([r.infeasible for r in rows]),
        kinds=[kind_of(r.measurement.configuration.split_point, last_split_point) for r in rows],
    )
