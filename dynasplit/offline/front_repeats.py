"""Repeated measurements of the front's members after the search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dynasplit.core.events import Failed, Finished, Measured, Remarked, Started, Subscriber
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.space import Configuration
from dynasplit.front.confirmed import unconfirmed
from dynasplit.front.dominance import non_dominated, objectives
from dynasplit.offline.blocks import Orders, place
from dynasplit.offline.measurer import CONFIGURATION_FAULTS, Measurer
from dynasplit.offline.search_state import FailureStreak

Runs = dict[Configuration, list[Measurement]]

ROUNDS = 10
"""Repeats change who is on the front; after so many rounds members without repeats are left out."""


@dataclass
class FrontRepeats:
    """Repeats of the front's members and of the baselines, in blocks of random order.

    A lucky single run puts a configuration on the front; its repeats may take it off again and
    bring others on, which are then repeated too. Every block measures each due configuration
    once, so that a drift of the testbed meets all of them alike. Which ones are due follows from
    the runs in the order that this plan itself gives them, so an interrupted phase goes on as an
    uninterrupted one.

    Attributes:
        measurer: measures, or has the run from an earlier start.
        times: repeats of each, besides its first run.
        seed: of the order within a block.
        subscriber: follows.
        orders: keeps each block.
    """

    measurer: Measurer
    times: int
    seed: int
    subscriber: Subscriber
    orders: Orders = field(default_factory=lambda: Orders(None))

    def __post_init__(self) -> None:
        self._runs: Runs = {}
        self._total = self._done = 0
        self._failed_at: dict[Configuration, list[int]] = {}
        for one in self.measurer.journal.given_up():
            if one.phase == "repeats":
                self._failed_at.setdefault(one.configuration, []).append(one.runs or 0)
        self._chances = 1
        self._streak = FailureStreak()

    def measure(
        self, candidates: Iterable[Configuration], baselines: Iterable[Configuration]
    ) -> Runs:
        """Repeat until every member of the front has its repeats.

        Args:
            candidates: measured configurations, of which the front is built.
            baselines: those of them that are repeated whether or not they are on the front.

        Returns:
            The runs of each candidate, search and repeats together. A candidate that would be on
            the front, but could not be repeated, is left out.

        Raises:
            DynaSplitError: the testbed failed; what is finished is kept.
        """
        baselines = tuple(baselines)
        self._runs = {c: list(self.measurer.search_runs(c)) for c in candidates}
        if not self.times:
            return self._runs
        self.measurer.announce = self._announce
        self.measurer.tell = lambda text: self.subscriber(Remarked("repeats", text))
        due = self._due(baselines)
        self._total = sum(self._lacking(c) for c in due)
        self.subscriber(Started("repeats", self._total, sum(self._kept(c) for c in due)))
        for _ in range(ROUNDS):
            if not due:
                break
            self._round(due)
            due = self._due(baselines) or self._due_again(baselines)
            self._total = self._done + sum(self._lacking(c) for c in due)
        if self._streak.is_gone:
            self.measurer.check_measures()
        self._streak.settle("repeats", self.measurer.journal)
        self.subscriber(Finished("repeats", f"{self._done} repeats are measured"))
        return self._settled()

    def _due(self, baselines: Iterable[Configuration]) -> list[Configuration]:
        wanted = dict.fromkeys((*front_of(self._may_be()), *baselines))
        return [c for c in wanted if self._lacking(c) > 0 and not self._is_stuck(c)]

    def _due_again(self, baselines: Iterable[Configuration]) -> list[Configuration]:
        """Once nothing else is due, those that failed once: a fault that passes takes none off."""
        if self._chances > 1:
            return []
        if self._streak.is_gone:
            self.measurer.check_measures()
        self._streak.settle("repeats", self.measurer.journal)
        self._chances = 2
        due = self._due(baselines)
        if due:
            they = "1 member that failed is" if len(due) == 1 else f"{len(due)} that failed are"
            self.subscriber(Remarked("repeats", f"On the front {they} asked again"))
        return due

    def _may_be(self) -> Runs:
        """Without what all its repeats have not confirmed: who follows it is repeated instead."""
        doubted = {c for c in unconfirmed(self._runs) if not self._lacking(c)}
        return {c: runs for c, runs in self._runs.items() if c not in doubted}

    def _is_stuck(self, configuration: Configuration) -> bool:
        """True for one that failed as often as it may, with the runs of it that are taken over."""
        taken = len(self._runs[configuration])
        failed = [at for at in self._failed_at.get(configuration, ()) if at <= taken]
        return len(failed) >= self._chances

    def _lacking(self, configuration: Configuration) -> int:
        return max(0, 1 + self.times - len(self._runs[configuration]))

    def _kept(self, configuration: Configuration) -> int:
        """Repeats that an earlier start has measured."""
        there = len(self.measurer.runs[configuration]) - len(self._runs[configuration])
        return min(there, self._lacking(configuration))

    def _round(self, due: Sequence[Configuration]) -> None:
        """Bring all that are due to their number of runs, a block at a time."""
        for runs in range(1, 1 + self.times):
            block = [c for c in due if len(self._runs[c]) <= runs and not self._is_stuck(c)]
            block.sort(key=lambda c: place(self.seed, runs, c))
            if block:
                self.orders.keep("repeats", self.seed, runs, block)
            for configuration in block:
                self._repeat(configuration)

    def _repeat(self, configuration: Configuration) -> None:
        runs = self._runs[configuration]
        self._done += 1
        is_known = len(runs) < len(self.measurer.runs[configuration])
        try:
            runs.append(self.measurer.run(configuration, len(runs)))
        except CONFIGURATION_FAULTS as error:
            self._streak.add(configuration, error, len(runs))
            self.subscriber(Failed("repeats", configuration, str(error)))
            if self._streak.is_outage:
                self._streak.outlast(error, self.measurer)
            self._failed_at.setdefault(configuration, []).append(len(runs))
        else:
            if not is_known:  # what is known already says nothing of the testbed now
                self._streak.settle("repeats", self.measurer.journal)

    def _announce(self, measurement: Measurement) -> None:
        self.subscriber(Measured("repeats", measurement, self._done, self._total))

    def _settled(self) -> Runs:
        """Without the members of the front that lack repeats."""
        settled, may_be = dict(self._runs), self._may_be()
        while unsure := [c for c in front_of(may_be) if self._lacking(c)]:
            for configuration in unsure:
                del settled[configuration], may_be[configuration]
        return settled


def front_of(runs: Runs) -> list[Configuration]:
    """The configurations whose medians no other one's dominate."""
    if not runs:
        return []
    summaries = summarise(m for measurements in runs.values() for m in measurements)
    kept = non_dominated(objectives(summaries))
    return [s.configuration for s, keep in zip(summaries, kept, strict=True) if keep]
