"""The recorded runs that a policy's choices may be given, and the pairs of two policies' runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dynasplit.core.counter_rng import pick
from dynasplit.core.measurement import Measurement
from dynasplit.online.metered import as_served, mean_of
from dynasplit.online.policies.base import Policy
from dynasplit.testbed.recorded import RecordedTestbed
from dynasplit.testbed.single import single

Floats = npt.NDArray[np.float64]
Bits = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """The recorded runs that a policy's choices may be given, those of one choice together.

    Attributes:
        runs: all of them (r,). latencies_ms: of all that a request may take (s,): the runs' own,
            or of their single inferences, those of one run together.
        starts: where each choice's runs begin (c,). counts: how many it has (c,).
        figures: each choice's, an inference (c,); None: a request has its run's.
        firsts: where each run's latencies begin (r,). sizes: how many it has (r,).
    """

    runs: Sequence[Measurement]
    latencies_ms: Floats
    starts: Places
    counts: Bits
    figures: Sequence[Measurement] | None
    firsts: Places
    sizes: Bits

    @classmethod
    def of(cls, policy: Policy, testbed: RecordedTestbed, *, singles: bool = False) -> Pool:
        """The runs of what a policy may choose.

        Args:
            policy: who chooses.
            testbed: the recorded runs.
            singles: a request is one inference of its run, instead of all of it.

        Raises:
            DataError: a choice has no recorded run, and the testbed no fallback.
        """
        groups = [testbed.recorded(choice.configuration) for choice in policy.choices]
        counts = np.array([len(group) for group in groups])
        runs = [run for group in groups for run in group]
        kept = [(singles and run.inference_ms) or (run.latency_ms,) for run in runs]
        sizes = np.array([len(times_ms) for times_ms in kept])
        return cls(
            runs,
            np.concatenate([np.array(times_ms) for times_ms in kept]),
            np.cumsum(counts) - counts,
            counts.astype(np.uint64),
            [mean_of(group) for group in groups] if singles else None,
            np.cumsum(sizes) - sizes,
            sizes.astype(np.uint64),
        )

    @property
    def has_singles(self) -> bool:
        """True if a run has several latencies, of which a request is given one."""
        return len(self.latencies_ms) > len(self.runs)

    @cached_property
    def choice_of(self) -> Places:
        """Each run's choice (r,)."""
        return np.repeat(np.arange(len(self.starts)), self.counts.astype(np.int64))

    def times(self, drawn: Places, bits: Bits) -> Places:
        """The places in `latencies_ms` (n,) of runs (n,), from further random bits (n,)."""
        if not self.has_singles:
            return drawn
        found = pick(bits, self.sizes.take(drawn))
        found += self.firsts.take(drawn)
        return found

    def served(self, run: int, place: int) -> Measurement:
        """A request that was given a run, and one of its latencies."""
        found = self.runs[run]
        if self.figures is None:
            return replace(found, inference_ms=())
        latency_ms = float(self.latencies_ms[place]) if found.inference_ms else None
        return as_served(single(found, latency_ms), self.figures[int(self.choice_of[run])])

    @cached_property
    def valued(self) -> Sequence[Measurement]:
        """What each run's requests have besides their latency (r,)."""
        if self.figures is None:
            return self.runs
        return [self.figures[choice] for choice in self.choice_of.tolist()]

    @cached_property
    def energies_j(self) -> Floats | None:
        """The runs' energies (r,); None: some were not measured."""
        known = [run.energy_j for run in self.valued if run.energy_j is not None]
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
