"""The recorded runs that a policy's choices may be given, and the pairs of two policies' runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dynasplit.core.counter_rng import pick
from dynasplit.core.measurement import Measurement
from dynasplit.online.policies.base import Policy
from dynasplit.testbed.recorded import RecordedTestbed

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """The recorded runs that a policy's choices may be given, those of one choice together.

    Attributes:
        runs: all of them (r,). latencies_ms: theirs (r,).
        starts: where each choice's runs begin (c,). counts: how many it has (c,).
    """

    runs: Sequence[Measurement]
    latencies_ms: Floats
    starts: Places
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

    @cached_property
    def energies_j(self) -> Floats | None:
        """The runs' energies (r,); None: some were not measured."""
        known = [run.energy_j for run in self.runs if run.energy_j is not None]
        return np.array(known) if len(known) == len(self.runs) else None

    def draw(self, choices: Places, bits: Bits) -> Places:
        """The run of each request (n,), from its policy's choice (n,) and random bits (n,)."""
        if len(self.starts) == 1:
            return pick(bits, self.counts)
        if len(self.runs) == len(self.starts):
            return choices
        found = pick(bits, self.counts.take(choices))
        found += self.starts.take(choices)
        return found


@dataclass(frozen=True, eq=False)
class Cells:
    """The pairs of runs that one request may be given under a policy and under a baseline.

    Both runs are picked by the same bits, so of a choice with k runs and a baseline with b there
    are k + b - 1 pairs and not k b: as the bits grow, so do both numbers. Their sum numbers them.

    Attributes:
        runs: each cell's run in the policy's pool (m,). baseline: in the baseline's (m,).
        further: by how much the baseline's number of runs, less one, moves a choice's cells.
    """

    runs: Places
    baseline: Places
    further: int

    @classmethod
    def of(cls, pool: Pool, baseline: Pool) -> Cells:
        """The pairs of a policy's pool with that of a baseline which always chooses the same."""
        further = len(baseline.runs) - 1
        size = len(pool.runs) + len(pool.starts) * further
        runs, others = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        both = np.array([len(baseline.runs)], dtype=np.uint64)
        for place, (start, count) in enumerate(zip(pool.starts, pool.counts, strict=True)):
            bits = np.concatenate([_first_bits(int(count)), _first_bits(len(baseline.runs))])
            mine = pick(bits, np.array([count], dtype=np.uint64)) + start
            other = pick(bits, both)
            cells = mine + other + place * further
            runs[cells], others[cells] = mine, other
        return cls(runs, others, further)

    def of_draws(self, drawn: Places, choices: Places, baseline: Places) -> Places:
        """The cell of each request (n,)."""
        if not self.further:
            return drawn
        return drawn + baseline + choices * self.further


def _first_bits(count: int) -> Bits:
    """The least 32 bits for which each position below `count` is picked (count,)."""
    return np.array([-(-(i << 32) // count) for i in range(count)], dtype=np.uint64)
