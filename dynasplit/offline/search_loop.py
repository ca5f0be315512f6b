"""The search loop: ask the algorithm, measure, tell, until the budget is spent."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dynasplit.core.errors import ConfigurationError, MeasurementError
from dynasplit.core.events import Failed, Finished, Measured, Remarked, Started, Subscriber
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.provenance import told_j
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.offline.budget import Budget
from dynasplit.offline.measurer import CONFIGURATION_FAULTS, Measurer, time_s
from dynasplit.offline.resumed import EarlierStart
from dynasplit.offline.search.base import Algorithm, Progress
from dynasplit.offline.search_state import FailureStreak, SearchState, StudyDamagedError
from dynasplit.offline.second_chances import SecondChances

if TYPE_CHECKING:
    from dynasplit.offline.optuna_study import Direction, OptunaTrials, RunningTrial


@dataclass(frozen=True)
class SearchResult:
    """The result of a search loop.

    Attributes:
        configurations: the distinct ones, in their order.
        failed: those that could not be measured.
        asked: how many trials were asked of the algorithm.
        testbed_time_s: what the search's runs cost.
        stopped: why it ended.
    """

    configurations: tuple[Configuration, ...]
    failed: tuple[Configuration, ...]
    asked: int
    testbed_time_s: float
    stopped: str


class Search:
    """One search of a space, which goes on where its trials and the journal stopped."""

    def __init__(
        self,
        space: SearchSpace,
        algorithm: Algorithm,
        measurer: Measurer,
        budget: Budget,
        *,
        seed: int,
        storage: Path | None,
        subscriber: Subscriber,
    ) -> None:
        if budget.min_gain is not None and not algorithm.states_gain:
            raise ConfigurationError(
                f"search budget min_gain={budget.min_gain}: search {algorithm.name} does not "
                "state what it expects to gain; leave it out, or take one that does (structured)"
            )
        self._space, self._algorithm, self._measurer, self._budget = (
            space,
            algorithm,
            measurer,
            budget,
        )
        self._seed, self._storage, self._subscriber = seed, storage, subscriber
        self._state, self._streak = SearchState(), FailureStreak()
        self._gain: float | None = None
        self._earlier = EarlierStart(measurer, (space.cloud_only, space.edge_only))

    def run(self, baselines: Sequence[Configuration] = ()) -> SearchResult:
        """Search until the budget is spent.

        Args:
            baselines: further ones that were measured before.

        Raises:
            DynaSplitError: the testbed failed; what is finished is kept.
            ResultsError: the storage holds another search.
        """
        self._earlier.baselines = (*self._earlier.baselines, *baselines)
        self._measurer.announce = self._announce
        self._measurer.tell = lambda text: self._subscriber(Remarked("search", text))
        trials = self._opened()
        state = self._state
        self._subscriber(Started("search", self._expected_total(), len(state.runs)))
        while (stopped := self._why_stop()) is None:
            self._step(trials)
        if self._streak.is_gone:
            self._measurer.check_measures()
        self._streak.settle("search", self._measurer.journal)
        SecondChances(self._measurer, self._subscriber, self._values_of).ask(state)
        self._subscriber(Finished("search", stopped))
        return SearchResult(
            tuple(state.runs), tuple(state.failed), state.asked, self._spent_s(), stopped
        )

    def _opened(self) -> OptunaTrials:
        """The trials so far, accounted for.

        The journal is the truth. A study that cannot be read, or that contradicts it, is set
        aside: what the journal holds is drawn again, without being measured.
        """
        try:
            trials = self._open()
            self._earlier.take_over(trials.done, self._state, self._valid)
        except StudyDamagedError as error:
            assert self._storage is not None
            aside = self._storage.with_suffix(f"{self._storage.suffix}.set-aside")
            self._storage.replace(aside)
            self._subscriber(
                Remarked(
                    "search",
                    f"The study {self._storage.name} was set aside as {aside.name} and is drawn "
                    f"again from the journal, which keeps every measurement: {error}",
                )
            )
            self._state = SearchState()
            trials = self._open()
        return trials

    def _open(self) -> OptunaTrials:
        from dynasplit.offline.optuna_study import OptunaTrials

        sample = self._sample()
        self._has_energy = sample.energy_j is not None
        self._has_quality = sample.quality is not None
        directions: list[Direction] = ["minimize"]
        directions += ["minimize"] if self._has_energy else []
        directions += ["maximize"] if self._has_quality else []
        identity = {
            "algorithm": repr(self._algorithm),
            "seed": self._seed,
            "space": _fingerprint(self._space),
        }
        return OptunaTrials(self._space, directions, identity=identity, storage=self._storage)

    def _sample(self) -> Measurement:
        """Any measurement, which shows what is measured here; made now if there is none yet."""
        for runs in self._measurer.runs.values():
            return runs[0]
        streak = FailureStreak()
        for configuration in (*self._space.corners, *self._space.configurations):
            try:
                found = self._measurer.run(configuration)
            except CONFIGURATION_FAULTS as error:
                streak.add(configuration, error)
                if streak.is_outage:
                    raise
                self._subscriber(Failed("search", configuration, str(error)))
                continue
            return found
        raise MeasurementError("no configuration of the space could be measured")

    def _why_stop(self) -> str | None:
        state, budget = self._state, self._budget
        if len(state.runs) >= budget.limit(self._space):
            return f"{len(state.runs)} of {len(self._space)} configurations are measured"
        if len(state.runs) + len(state.failed) >= len(self._space):
            return "nothing is left to measure"
        spent_s = self._spent_s()
        if budget.testbed_time_s is not None and spent_s >= budget.testbed_time_s:
            return f"{spent_s:.0f} s of testbed time are spent"
        if budget.min_gain is not None and state.gain_stays_below(budget.min_gain):
            return f"the expected gain stays below {budget.min_gain:g}"
        return None

    def _step(self, trials: OptunaTrials) -> None:
        """One trial, from asking to telling."""
        progress, state = self._state.progress(self._space, self._seed), self._state
        asked = trials.ask(self._algorithm.sampler(progress, trials.study), self._fixed(progress))
        configuration = self._valid(asked.configuration)
        known = state.runs.get(configuration) if configuration is not None else None
        if configuration is None or configuration in state.failed:
            trials.tell(asked, "pruned")
        elif known is None:
            self._measure(trials, asked, configuration)
            return
        elif self._algorithm.repairs:
            trials.tell(asked, "complete", self._values_of(known))
        else:
            trials.tell(asked, "pruned")
        state.nothing_new(asked.expected_gain)

    def _fixed(self, progress: Progress) -> Configuration | None:
        """A corner that is still to be seeded, or one at random where asking leads nowhere."""
        if self._algorithm.seeds_corners:
            for corner in self._space.corners:
                if corner not in progress.measured and corner not in progress.failed:
                    return corner
        if self._state.barren < self._algorithm.patience:
            return None
        left = progress.unmeasured
        return left[progress.random("left").integers(len(left))]

    def _valid(self, point: Configuration) -> Configuration | None:
        if not self._algorithm.repairs:
            return point if point in self._space else None
        return self._space.nearest(point.split_point, dict(point.knobs))

    def _measure(
        self, trials: OptunaTrials, asked: RunningTrial, configuration: Configuration
    ) -> None:
        """Measure what is new, and tell its values or why it failed."""
        state, gain = self._state, asked.expected_gain
        if configuration in self._earlier.given_up:
            trials.tell(asked, "failed", reason=self._earlier.given_up[configuration])
            state.broke(configuration, gain)
            return
        is_known = bool(self._measurer.runs.get(configuration))
        self._gain = gain
        try:
            runs = self._measurer.search_runs(configuration)
            values = self._values_of(runs)
        except CONFIGURATION_FAULTS as error:
            trials.tell(asked, "failed", reason=str(error))
            state.broke(configuration, gain)
            there = len(self._measurer.runs.get(configuration, ()))
            self._streak.add(configuration, error, there)
            self._subscriber(Failed("search", configuration, str(error)))
            if self._streak.is_outage:
                self._streak.outlast(error, self._measurer)
            return
        if not is_known:  # what is known already says nothing of the testbed now
            self._streak.settle("search", self._measurer.journal)
        trials.tell(asked, "complete", values)
        state.measured(configuration, runs, gain)

    def _values_of(self, runs: Sequence[Measurement]) -> list[float]:
        summary = summarise(runs)[0]
        found: list[float | None] = [summary.latency_ms]
        found += [summary.energy_j] if self._has_energy else []
        found += [summary.quality] if self._has_quality else []
        values = [value for value in found if value is not None]
        if len(values) < len(found):
            raise MeasurementError(
                f"{summary.configuration.words()}: energy is {told_j(summary.energy_j)}, quality "
                f"{'not known' if summary.quality is None else f'{summary.quality:g}'}; the first "
                "measurement had what is missing here"
            )
        return values

    def _announce(self, measurement: Measurement) -> None:
        done = len(self._state.runs) + 1
        total = self._expected_total()
        self._subscriber(Measured("search", measurement, done, total, self._gain))

    def _expected_total(self) -> int:
        """The number of configurations that the budget is expected to buy."""
        limit, state = self._budget.limit(self._space), self._state
        spent_s, done = self._spent_s(), len(state.runs)
        if self._budget.testbed_time_s is None or not spent_s:
            return limit
        return min(limit, math.ceil(self._budget.testbed_time_s / spent_s * done))

    def _spent_s(self) -> float:
        return sum(time_s(runs) for runs in self._state.runs.values())


def _fingerprint(space: SearchSpace) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for configuration in space.configurations:
        digest.update(f"{configuration};".encode())
    return f"{len(space)} configurations ({digest.hexdigest()})"
