"""The posterior of latency, energy and quality of every configuration, given the runs so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.accounting import named
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import SearchSpace
from dynasplit.offline.surrogate.cells import Cells, crossed, stage_parts
from dynasplit.offline.surrogate.process import CellPosterior, Part, posterior_of

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
_TIME_NOISE, _POWER_NOISE, _QUALITY_NOISE = 0.01, 0.02, 0.02
_LEAST_MS = 1e-3
_MOST_LOG = 700.0  # whose exponential is still a number


@dataclass(frozen=True, eq=False)
class Posterior:
    """About every configuration of a space (c,).

    Attributes:
        latency: of the logarithm of the latency in ms.
        energy: of the logarithm of the energy in J; None: not measured.
        quality: of accuracy or fidelity; None: not measured.
    """

    latency: CellPosterior
    energy: CellPosterior | None
    quality: CellPosterior | None

    def expected(self) -> Floats:
        """Objectives to be minimised as they are expected (c, d)."""
        columns = [np.exp(np.minimum(self.latency.mean, _MOST_LOG))]
        columns += [] if self.energy is None else [np.exp(np.minimum(self.energy.mean, _MOST_LOG))]
        columns += [] if self.quality is None else [-self.quality.mean]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs in arrays (n,); NaN: not measured.

    Attributes:
        at: the position of each one's configuration in the space.
        by_host: each host's energy follows from its own times.
    """

    at: Indices
    latency_ms: Floats
    energy_j: Floats
    quality: Floats
    edge_ms: Floats
    transfer_ms: Floats
    cloud_ms: Floats
    edge_energy_j: Floats
    cloud_energy_j: Floats
    by_host: bool = True

    @classmethod
    def of(cls, history: Sequence[Measurement], space: SearchSpace) -> Runs:
        """The runs of a history whose configurations the space has."""
        mine = [m for m in history if m.configuration in space]
        at = np.array([space.index(m.configuration) for m in mine], dtype=np.intp)
        names = list(cls.__dataclass_fields__)[1:-1]
        columns = {n: np.array([getattr(m, n) for m in mine], dtype=np.float64) for n in names}
        labels = {m.accounting for m in mine}
        by_host = all(named(label).by_occupation for label in labels)
        return cls(at=at, by_host=by_host, **columns)


class SurrogateModel:
    """Gives a space's posterior from its runs; what depends on the space alone is kept."""

    def __init__(self, space: SearchSpace) -> None:
        """Group the space's configurations by stage."""
        self.space = space
        self._points = np.array([c.split_point for c in space.configurations])
        self._edge = Cells.build(space, ["edge"])
        self._cloud = Cells.build(space, ["cloud"])
        self._link = Cells.build(space, ["link"])
        self._both = Cells.build(space, ["edge", "cloud", "link"])
        self._modes = Cells.build(space, ["edge", "link"], with_numbers=False)

    def posterior(self, history: Sequence[Measurement]) -> Posterior:
        """The posterior given these runs (at least one)."""
        runs = Runs.of(history, self.space)
        if np.isnan(runs.edge_ms + runs.transfer_ms + runs.cloud_ms).any():
            return self._from_totals(runs)
        return self._from_parts(runs)

    def _from_parts(self, runs: Runs) -> Posterior:
        sends = self._points[runs.at] < self.space.last_split_point
        cloud = self._stage(self._cloud, runs, runs.cloud_ms, sends)
        link = self._stage(self._link, runs, runs.transfer_ms, sends)
        # a run that is slow as a whole shows in the cloud, whose times vary least
        edge = self._stage(
            self._edge, runs, runs.edge_ms, trust=np.minimum(cloud.trust, link.trust)
        )
        tail = self._points < self.space.last_split_point
        edge_ms, cloud_ms, link_ms = (_moments(b) for b in (edge, cloud, link))
        cloud_ms, link_ms = (_masked(m, tail) for m in (cloud_ms, link_ms))
        latency = _log_posterior(_added(edge_ms, _added(cloud_ms, link_ms)))
        energy = None
        if not np.isnan(runs.energy_j).any():
            energy = self._energy(runs, edge_ms, cloud_ms, link_ms, latency)
        return Posterior(latency, energy, self._quality(runs))

    def _energy(
        self,
        runs: Runs,
        edge_ms: Moments,
        cloud_ms: Moments,
        link_ms: Moments,
        latency: CellPosterior,
    ) -> CellPosterior:
        if not runs.by_host or np.isnan(runs.edge_energy_j + runs.cloud_energy_j).any():
            return self._power_of_both(runs, latency)
        sends = self._points[runs.at] < self.space.last_split_point
        tail = self._points < self.space.last_split_point
        cloud_w = self._stage(
            self._cloud,
            runs,
            runs.cloud_energy_j / np.maximum(runs.cloud_ms, _LEAST_MS),
            sends,
            True,
        )
        cloud_j = _masked(_multiplied(cloud_ms, cloud_w), tail)
        total_ms = _added(edge_ms, _added(cloud_ms, link_ms))
        edge_w = self._edge_power(runs, edge_ms.mean / total_ms.mean)
        return _log_posterior(_added(cloud_j, _multiplied(total_ms, edge_w)))

    def _edge_power(self, runs: Runs, shares: Floats) -> CellPosterior:
        """Of the logarithm of the edge's mean power, by mode, numbers, and share of computing."""
        shares = shares.copy()
        shares[runs.at] = runs.edge_ms / runs.latency_ms
        one, share = np.ones(len(shares)), shares - 0.5
        together = np.zeros(len(shares), dtype=np.intp)
        groups = [together, *(group[self._edge.of] for group in self._edge.groups)]
        parts = [Part(one, together, None, 10.0)]
        for i, group in enumerate(groups):
            scale = 0.1 if i == 0 else 0.03
            parts += [Part(one, group, None, 0.1), Part(share, group, None, scale)]
            for number in self._edge.numbers:
                along = number[self._edge.of]
                walk = along / max(1e-12, float(np.ptp(along)) / 2)
                parts += [Part(one, group, walk, scale / 3), Part(share, group, walk, scale / 3)]
                parts += [Part(along, group, None, scale), Part(along * share, group, None, scale)]
        values = np.log(runs.edge_energy_j / runs.latency_ms)
        return _shifted(parts, runs.at, values, _POWER_NOISE)

    def _power_of_both(self, runs: Runs, latency: CellPosterior) -> CellPosterior:
        power = self._stage(self._both, runs, runs.energy_j / runs.latency_ms, None, True)
        return CellPosterior(latency.mean + power.mean, np.hypot(latency.sd, power.sd), power.trust)

    def _from_totals(self, runs: Runs) -> Posterior:
        latency = self._stage(self._both, runs, runs.latency_ms)
        energy = None
        if not np.isnan(runs.energy_j).any():
            energy = self._power_of_both(runs, latency)
        return Posterior(latency, energy, self._quality(runs))

    def _stage(
        self,
        cells: Cells,
        runs: Runs,
        values: Floats,
        used: npt.NDArray[np.bool_] | None = None,
        is_power: bool = False,
        trust: Floats | None = None,
    ) -> CellPosterior:
        """Of the logarithm of a stage's figure, for every configuration (c,)."""
        used = np.ones(len(values), dtype=bool) if used is None else used
        level, slope, noise = (0.1, 0.1, _POWER_NOISE) if is_power else (1.0, 0.5, _TIME_NOISE)
        if not used.any():
            unknown = np.full(len(cells.of), np.sqrt(10 * level))
            return CellPosterior(
                np.full(len(cells.of), np.log(_LEAST_MS)), unknown, np.ones(len(values))
            )
        parts = stage_parts(cells, level, slope)
        logs = np.log(np.maximum(values[used], _LEAST_MS))
        found = _shifted(parts, cells.of[runs.at[used]], logs, noise, trust=trust)
        trusted = np.ones(len(values))
        trusted[used] = found.trust
        return CellPosterior(found.mean[cells.of], found.sd[cells.of], trusted)

    def _quality(self, runs: Runs) -> CellPosterior | None:
        """Of the quality, which follows from the split point and from what computes the head."""
        if np.isnan(runs.quality).any():
            return None
        scale = float(np.ptp(runs.quality)) or 1e-3
        cells = self._modes
        one, points = np.ones(len(cells.split_points)), cells.split_points
        together = np.zeros(len(points), dtype=np.intp)
        parts = [
            Part(one, together, None, 1.0),
            Part(one, together, cells.place, 0.3),
            Part(one, points, None, 0.3),
            Part(cells.ends, points, None, 0.3),
        ]
        for group in cells.groups:
            parts += [
                Part(one, group, None, 0.03),
                Part(one, crossed(group, points), None, 0.03),
            ]
        found = _shifted(parts, cells.of[runs.at], runs.quality / scale, _QUALITY_NOISE, False)
        return CellPosterior(found.mean[cells.of] * scale, found.sd[cells.of] * scale, found.trust)


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and variance of a quantity itself, for every configuration (c,)."""

    mean: Floats
    variance: Floats


def _shifted(
    parts: Sequence[Part],
    cells: Indices,
    values: Floats,
    noise: float,
    with_noise: bool = True,
    trust: Floats | None = None,
) -> CellPosterior:
    """A posterior around the median of the values."""
    middle = float(np.median(values))
    found = posterior_of(parts, cells, values - middle, noise, with_noise, trust)
    return CellPosterior(found.mean + middle, found.sd, found.trust)


def _moments(log: CellPosterior) -> Moments:
    sd = np.minimum(log.sd, 2.0)
    mean = np.exp(log.mean + sd**2 / 2)
    return Moments(mean, mean**2 * np.expm1(sd**2))


def _masked(found: Moments, kept: npt.NDArray[np.bool_]) -> Moments:
    return Moments(np.where(kept, found.mean, 0.0), np.where(kept, found.variance, 0.0))


def _added(a: Moments, b: Moments) -> Moments:
    return Moments(a.mean + b.mean, a.variance + b.variance)


def _multiplied(a: Moments, log: CellPosterior) -> Moments:
    b = _moments(log)
    mean = a.mean * b.mean
    second = (a.variance + a.mean**2) * (b.variance + b.mean**2)
    return Moments(mean, np.maximum(second - mean**2, 0.0))


def _log_posterior(found: Moments) -> CellPosterior:
    """The lognormal of the same mean and variance."""
    variance = np.log1p(found.variance / found.mean**2)
    return CellPosterior(np.log(found.mean) - variance / 2, np.sqrt(variance), np.ones(0))
