"""The vectorised replay of requests on recorded runs.

Requests are taken in chunks. Every random number belongs to a request's number, so neither the
chunks' size nor the threads change a result. A policy's latencies and energies are those of the
recorded runs that it was given, so counting these runs replaces keeping the requests.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from dynasplit.core.counter_rng import request_bits
from dynasplit.core.intervals import Pairs
from dynasplit.core.measurement import Measurement
from dynasplit.online.policies.base import Policy
from dynasplit.online.policy_figures import ALSO, BASELINE, Distribution, PolicyFigures, images_of
from dynasplit.online.workload import Thresholds
from dynasplit.replay.exceedance import Exceedances
from dynasplit.replay.pool import Cells, Floats, Places, Pool
from dynasplit.testbed.recorded import RecordedTestbed

CHUNK = 1 << 15
_NO_CHOICE = np.zeros(1, dtype=np.int64)
"""The choices of a policy that has one: they are not looked at."""


@dataclass
class Tally:
    """Running counts over one policy's requests.

    Attributes:
        drawn: how often each cell came, or each run where nothing is paired.
        timed: how often each latency came; None: as each run.
    """

    drawn: Places
    timed: Places | None = None
    unmet: int = 0
    infeasible: int = 0
    exceedances: Exceedances = field(default_factory=Exceedances)

    def merge(self, other: Tally) -> None:
        """Add another part's counts."""
        self.drawn += other.drawn
        if self.timed is not None and other.timed is not None:
            self.timed += other.timed
        self.unmet += other.unmet
        self.infeasible += other.infeasible
        self.exceedances.merge(other.exceedances)


@dataclass(frozen=True, eq=False)
class Replay:
    """Requests served by policies on recorded runs.

    Attributes:
        policies: by name.
        testbed: the recorded runs; its seed is the draws'.
        thresholds: of the requests.
        pools: the runs that each policy may be given. cells: their pairs with those of cloud_only;
            empty where it does not serve.
    """

    policies: Mapping[str, Policy]
    testbed: RecordedTestbed
    thresholds: Thresholds
    pools: Mapping[str, Pool]
    cells: Mapping[str, Cells]

    @classmethod
    def of(
        cls,
        policies: Mapping[str, Policy],
        testbed: RecordedTestbed,
        thresholds: Thresholds,
        *,
        singles: bool = False,
    ) -> Replay:
        """Gather the runs that the policies may be given.

        Args:
            policies: by name.
            testbed: the recorded runs.
            thresholds: of the requests.
            singles: a request is one inference of a run, instead of all of it.

        Raises:
            DataError: a choice has no recorded run, and the testbed no fallback.
        """
        pools = {n: Pool.of(p, testbed, singles=singles) for n, p in policies.items()}
        baseline = pools.get(BASELINE)
        cells = {n: Cells.of(pool, baseline) for n, pool in pools.items()} if baseline else {}
        return cls(policies, testbed, thresholds, pools, cells)

    def figures(self, chunk: int = CHUNK, threads: int = 2) -> dict[str, PolicyFigures]:
        """Serve every request by every policy.

        Args:
            chunk: requests at a time; bounds the memory, changes no result.
            threads: at work at once; changes no result.
        """
        count = self.thresholds.count
        if count <= chunk:
            return self._figures([self._part(0, count, chunk)])
        self.thresholds.part(0, 1)  # a sample's extremes are found once, before the threads
        bounds = np.linspace(0, count, threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            parts = [
                pool.submit(self._part, start, stop, chunk)
                for start, stop in itertools.pairwise(bounds)
            ]
            return self._figures([part.result() for part in parts])

    def rows(self, stop: int) -> dict[str, tuple[Floats, list[Measurement]]]:
        """The first requests: by policy their thresholds (stop,), and each as it was served."""
        thresholds, numbers = self.thresholds.part(0, stop), self.thresholds.indices(0, stop)
        bits, further = (request_bits(self.testbed.seed, numbers, draw) for draw in (0, 1))
        rows = {}
        for name, policy in self.policies.items():
            pool = self.pools[name]
            drawn = pool.draw(policy.choose_many(thresholds), bits)
            places = zip(drawn.tolist(), pool.times(drawn, further).tolist(), strict=True)
            rows[name] = thresholds, [pool.served(run, place) for run, place in places]
        return rows

    def _part(self, start: int, stop: int, chunk: int) -> dict[str, Tally]:
        sizes = {n: len(p.runs) for n, p in self.pools.items()}
        sizes |= {name: len(cells.runs) for name, cells in self.cells.items()}
        tallies = {name: Tally(_none(size)) for name, size in sizes.items()}
        for name, pool in self.pools.items():
            if pool.has_singles:
                tallies[name].timed = _none(len(pool.latencies_ms))
        any_singles = any(pool.has_singles for pool in self.pools.values())
        for low in range(start, stop, chunk):
            high = min(stop, low + chunk)
            thresholds = self.thresholds.part(low, high)
            numbers = self.thresholds.indices(low, high)
            bits = request_bits(self.testbed.seed, numbers)
            further = request_bits(self.testbed.seed, numbers, 1) if any_singles else bits
            baseline = self.pools[BASELINE].draw(_NO_CHOICE, bits) if self.cells else None
            for name, policy in self.policies.items():
                choices = policy.choose_many(thresholds)
                drawn = self.pools[name].draw(choices, bits)
                cell = drawn
                if baseline is not None:
                    cell = self.cells[name].of_draws(drawn, choices, baseline)
                tally = tallies[name]
                tally.drawn += np.bincount(cell, minlength=len(tally.drawn))
                places = self.pools[name].times(drawn, further)
                if tally.timed is not None:
                    tally.timed += np.bincount(places, minlength=len(tally.timed))
                latencies_ms = self.pools[name].latencies_ms.take(places)
                _count(tally, latencies_ms, thresholds, policy.feasible_above_ms)
        return tallies

    def _figures(self, parts: Sequence[Mapping[str, Tally]]) -> dict[str, PolicyFigures]:
        found = {}
        for name, pool in self.pools.items():
            tally = parts[0][name]
            for part in parts[1:]:
                tally.merge(part[name])
            cells = self.cells.get(name)
            found[name] = _policy_figures(tally, pool, cells, self.thresholds.count)
            if cells is not None and pool.energies_j is not None:
                cloud_j = self.pools[BASELINE].energies_j
                if cloud_j is not None:
                    pairs = Pairs(pool.energies_j[cells.runs], cloud_j[cells.baseline], tally.drawn)
                    found[name] = replace(found[name], paired_j=pairs)
        return found


def _none(size: int) -> Places:
    return np.zeros(size, dtype=np.int64)


def _count(tally: Tally, latencies_ms: Floats, thresholds: Floats, known_ms: float) -> None:
    """Count requests that were not met; `latencies_ms` is used up."""
    exceedances = latencies_ms
    exceedances -= thresholds
    unmet = exceedances > 0
    tally.unmet += int(np.count_nonzero(unmet))
    tally.infeasible += int(np.count_nonzero(unmet & (thresholds < known_ms)))
    tally.exceedances.add(exceedances[unmet])


def _policy_figures(tally: Tally, pool: Pool, cells: Cells | None, count: int) -> PolicyFigures:
    drawn = tally.drawn
    if cells is not None:
        drawn = np.bincount(cells.runs, tally.drawn, len(pool.runs)).astype(np.int64)
    name: Literal["accuracy", "fidelity"] = "accuracy"
    quality = _distribution([run.accuracy for run in pool.valued], drawn)
    if quality is None:
        name, quality = "fidelity", _distribution([run.fidelity for run in pool.valued], drawn)
    return PolicyFigures(
        requests=count,
        met=count - tally.unmet,
        infeasible=tally.infeasible,
        latency_ms=Distribution(pool.latencies_ms, drawn if tally.timed is None else tally.timed),
        energy_j=_distribution([run.energy_j for run in pool.valued], drawn),
        quality=quality,
        quality_name=name if quality else None,
        exceedance_ms_median=tally.exceedances.median_ms(),
        images=images_of(pool.valued),
        also={
            n: found
            for n in ALSO
            if (found := _distribution([getattr(run, n) for run in pool.valued], drawn)) is not None
        },
    )


def _distribution(values: Sequence[float | None], drawn: Places) -> Distribution | None:
    present = [v for v in values if v is not None]
    if len(present) < len(values):
        return None
    return Distribution(np.array(present), drawn)
