"""How a killed search goes on: the trials of its earlier start, held against the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dynasplit.core.space import Configuration
from dynasplit.offline.measurer import Measurer
from dynasplit.offline.search_state import SearchState, StudyDamagedError

if TYPE_CHECKING:
    from dynasplit.offline.optuna_study import FinishedTrial


class EarlierStart:
    """The journal of an earlier start, as far as a search depends on it.

    Attributes:
        given_up: what the search went on without, and why.
        baselines: what was measured before the search.
    """

    def __init__(self, measurer: Measurer, baselines: Sequence[Configuration | None]) -> None:
        """Read the journal.

        Args:
            measurer: has taken over the journal's runs.
            baselines: what is measured before the search where an algorithm does not begin with
                it.
        """
        self._measurer, self.baselines = measurer, baselines
        # a second one of a configuration stands for what came of asking again at the end
        given_up = reversed(measurer.journal.given_up())
        self.given_up = {g.configuration: g.reason for g in given_up if g.phase == "search"}

    def take_over(
        self,
        trials: Sequence[FinishedTrial],
        state: SearchState,
        valid: Callable[[Configuration], Configuration | None],
    ) -> None:
        """Account for the trials of an earlier start.

        Args:
            trials: in order.
            state: of the search, which has none so far.
            valid: the configuration that a drawn point stands for.

        Raises:
            StudyDamagedError: they contradict the journal, or lack what it has.
        """
        for trial in trials:
            self._take_over(trial, state, valid(trial.configuration))
        told, known = list(state.runs), list(self._measurer.runs)
        apart = {*self.baselines, *self._measurer.taken_over, *self.given_up}
        for configuration in known[: known.index(told[-1])] if told else []:
            if configuration not in state.runs and configuration not in apart:
                raise StudyDamagedError(f"it lacks {configuration.words()}")

    def _take_over(
        self, done: FinishedTrial, state: SearchState, configuration: Configuration | None
    ) -> None:
        """Account for one.

        A failure that was not given up in the end contradicts the journal too: its start ended
        before it was known whether the testbed was to blame, and what was drawn since then would
        not have been drawn otherwise.
        """
        if configuration is None or configuration in state.runs or done.state == "pruned":
            state.nothing_new(done.expected_gain)
        elif done.state == "failed":
            if configuration not in self.given_up:
                raise StudyDamagedError(f"{configuration.words()} failed and is to be tried again")
            state.broke(configuration, done.expected_gain)
        elif not self._measurer.runs.get(configuration):
            raise StudyDamagedError(
                f"it says that {configuration.words()} was measured, the journal does not have it"
            )
        else:
            state.measured(
                configuration, self._measurer.search_runs(configuration), done.expected_gain
            )
