"""Configurations that failed in a search, asked once more at its end, before they stay given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from dynasplit.core.errors import DynaSplitError
from dynasplit.core.events import Failed, Remarked, Subscriber
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.offline.measurer import CONFIGURATION_FAULTS, Measurer
from dynasplit.offline.search_state import FailureStreak, SearchState, cause


class SecondChances:
    """Asks again for what failed: a fault that passes costs no configuration.

    Each is asked once, and of those that a host refused for the same setting only the first until
    one of them is measured. What the journal has, of runs or of a second failure, is not asked.

    Attributes:
        check: raises where a configuration's runs cannot be told to the search.
    """

    def __init__(
        self,
        measurer: Measurer,
        subscriber: Subscriber,
        check: Callable[[Sequence[Measurement]], object],
    ) -> None:
        self._measurer, self._subscriber, self.check = measurer, subscriber, check
        given_up = [g for g in measurer.journal.given_up() if g.phase == "search"]
        self._times = Counter(g.configuration for g in given_up)
        self._reasons = {g.configuration: g.reason for g in given_up}
        spent = [g for g in given_up if self._times[g.configuration] > 1]
        self._refused = {cause(g.configuration, g.reason) for g in spent}

    def ask(self, state: SearchState) -> None:
        """Ask for each that failed and was given up; the state has what came of it.

        Raises:
            DynaSplitError: the testbed is gone; nothing is given up for it.
        """
        left = [c for c in state.failed if self._times[c] == 1]
        streak = FailureStreak()
        is_told = False
        for configuration in left:
            why = cause(configuration, self._reasons[configuration])
            if why in self._refused:
                continue
            if not is_told and not self._measurer.runs.get(configuration):
                is_told = True
                self._subscriber(Remarked("search", _words(len(left))))
            try:
                runs = self._measurer.search_runs(configuration)
                self.check(runs)
            except CONFIGURATION_FAULTS as error:
                self._failed(configuration, error, streak)
            else:
                streak.settle("search", self._measurer.journal)
                state.recovered(configuration, runs)
        if streak.is_gone:
            self._measurer.check_measures()
        streak.settle("search", self._measurer.journal)

    def _failed(
        self, configuration: Configuration, error: DynaSplitError, streak: FailureStreak
    ) -> None:
        self._refused.add(cause(configuration, str(error)))
        streak.add(configuration, error, len(self._measurer.runs.get(configuration, ())))
        self._subscriber(Failed("search", configuration, f"{error} (asked again)"))


def _words(count: int) -> str:
    those = "1 configuration" if count == 1 else f"{count} configurations"
    return f"{those} that failed: asked again, once, before the search goes on without"
