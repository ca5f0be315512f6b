"""The vectorised replay of requests on recorded runs.

Requests are taken in chunks. Every random number belongs to a request's number, so neither the
chunks' size nor the threads change a result. A policy's latencies and energies are those of the
recorded runs that it was given, so counting these runs replaces keeping the requests.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from dynasplit.core.counter_rng import pick, request_bits
from dynasplit.core.measurement import Measurement
from dynasplit.online.policies.base import Policy
from dynasplit.online.policy_figures import ALSO, Distribution, PolicyFigures
from dynasplit.online.workload import Thresholds
from dynasplit.replay.exceedance import Exceedances
from dynasplit.testbed.recorded import RecordedTestbed

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
CHUNK = 1 << 15


@dataclass(frozen=True, eq=False)
class Pool:
    """The recorded runs that a policy's choices may be given, those of one choice together.

    Attributes:
        runs: all of them (r,). latencies_ms: theirs (r,).
        starts: where each choice's runs begin (c,). counts: how many it has (c,).
    """

    runs: Sequence[Measurement]
    latencies_ms: Floats
    starts: npt.NDArray[np.int64]
    counts: Bits

    @classmethod
    def of(cls, policy: Policy, testbed: RecordedTestbed) -> Pool:
        """The runs of what a policy may choose.

        Raises:
            DataError: a choice has no recorded run, and the testbed no fallback.
        """
        groups = [testbed.recorded(choice.configuration) for choice in policy.choices]
        counts = np.array([len(group) for group in groups])
        runs = [run for group in groups for run in group]
        return cls(
            runs,
            np.array([run.latency_ms for run in runs]),
            np.cumsum(counts) - counts,
            counts.astype(np.uint64),
        )

    def draw(self, choices: npt.NDArray[np.int64], bits: Bits) -> npt.NDArray[np.int64]:
        """The run of each request (n,), from its policy's choice (n,) and random bits (n,)."""
        if len(self.starts) == 1:
            return pick(bits, self.counts)
        if len(self.runs) == len(self.starts):
            return choices
        found = pick(bits, self.counts.take(choices))
        found += self.starts.take(choices)
        return found


@dataclass
class Tally:
    """Running counts over one policy's requests."""

    drawn: npt.NDArray[np.int64]
    unmet: int = 0
    infeasible: int = 0
    exceedances: Exceedances = field(default_factory=Exceedances)

    def merge(self, other: Tally) -> None:
        """Add another part's counts."""
        self.drawn += other.drawn
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
    """

    policies: Mapping[str, Policy]
    testbed: RecordedTestbed
    thresholds: Thresholds
    pools: Mapping[str, Pool]

    @classmethod
    def of(
        cls, policies: Mapping[str, Policy], testbed: RecordedTestbed, thresholds: Thresholds
    ) -> Replay:
        """Gather the runs that the policies may be given.

        Raises:
            DataError: a choice has no recorded run, and the testbed no fallback.
        """
        pools = {name: Pool.of(policy, testbed) for name, policy in policies.items()}
        return cls(policies, testbed, thresholds, pools)

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

    def rows(self, stop: int) -> dict[str, tuple[Floats, npt.NDArray[np.int64]]]:
        """The first requests: by policy their thresholds (stop,) and runs in its pool (stop,)."""
        thresholds = self.thresholds.part(0, stop)
        bits = request_bits(self.testbed.seed, self.thresholds.indices(0, stop))
        return {
            name: (thresholds, self.pools[name].draw(policy.choose_many(thresholds), bits))
            for name, policy in self.policies.items()
        }

    def _part(self, start: int, stop: int, chunk: int) -> dict[str, Tally]:
        tallies = {
            name: Tally(np.zeros(len(pool.runs), dtype=np.int64))
            for name, pool in self.pools.items()
        }
        for low in range(start, stop, chunk):
            high = min(stop, low + chunk)
            thresholds = self.thresholds.part(low, high)
            bits = request_bits(self.testbed.seed, self.thresholds.indices(low, high))
            for name, policy in self.policies.items():
                _count(tallies[name], policy, self.pools[name], thresholds, bits)
        return tallies

    def _figures(self, parts: Sequence[Mapping[str, Tally]]) -> dict[str, PolicyFigures]:
        found = {}
        for name, pool in self.pools.items():
            tally = parts[0][name]
            for part in parts[1:]:
                tally.merge(part[name])
            found[name] = _policy_figures(tally, pool, self.thresholds.count)
        return found


def _count(tally: Tally, policy: Policy, pool: Pool, thresholds: Floats, bits: Bits) -> None:
    drawn = pool.draw(policy.choose_many(thresholds), bits)
    exceedances = pool.latencies_ms.take(drawn)
    exceedances -= thresholds
    unmet = exceedances > 0
    tally.drawn += np.bincount(drawn, minlength=len(pool.runs))
    tally.unmet += int(np.count_nonzero(unmet))
    tally.infeasible += int(np.count_nonzero(thresholds < policy.feasible_above_ms))
    tally.exceedances.add(exceedances[unmet])


def _policy_figures(tally: Tally, pool: Pool, count: int) -> PolicyFigures:
    name: Literal["accuracy", "fidelity"] = "accuracy"
    quality = _distribution([run.accuracy for run in pool.runs], tally)
    if quality is None:
        name, quality = "fidelity", _distribution([run.fidelity for run in pool.runs], tally)
    return PolicyFigures(
        requests=count,
        met=count - tally.unmet,
        infeasible=tally.infeasible,
        latency_ms=Distribution(pool.latencies_ms, tally.drawn),
        energy_j=_distribution([run.energy_j for run in pool.runs], tally),
        quality=quality,
        quality_name=name if quality else None,
        exceedance_ms_median=tally.exceedances.median_ms(),
        also={
            n: found
            for n in ALSO
            if (found := _distribution([getattr(run, n) for run in pool.runs], tally)) is not None
        },
    )


def _distribution(values: Sequence[float | None], tally: Tally) -> Distribution | None:
    present = [v for v in values if v is not None]
    if len(present) < len(values):
        return None
    return Distribution(np.array(present), tally.drawn)
