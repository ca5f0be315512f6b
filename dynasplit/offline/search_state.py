"""The state of a search, which follows from its finished trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.offline.search.base import Progress

OUTAGE = 3
"""So many different configurations failing in a row are due to the testbed, not to them."""


@dataclass
class FailureStreak:
    """Configurations that failed one after the other, without a success in between."""

    failed: list[Configuration] = field(default_factory=list)

    def add(self, configuration: Configuration) -> None:
        """Another one failed."""
        if configuration not in self.failed:
            self.failed.append(configuration)

    def clear(self) -> None:
        """One was measured."""
        self.failed.clear()

    @property
    def is_outage(self) -> bool:
        """True if the failures are due to the testbed."""
        return len(self.failed) >= OUTAGE


@dataclass
class SearchState:
    """The state of a search; the same trials always give the same state.

    Attributes:
        runs: of each distinct configuration that was measured, in order.
        failed: configurations that could not be measured.
        asked: trials that ended.
        finished: those of them that count; the trials of an outage do not, so that a search
            that goes on after one asks for the same again.
        barren: trials since the last one that measured something new.
        gains: what each trial was expected to gain, as far as stated.
    """

    runs: dict[Configuration, Sequence[Measurement]] = field(default_factory=dict)
    failed: list[Configuration] = field(default_factory=list)
    asked: int = 0
    finished: int = 0
    barren: int = 0
    gains: list[float | None] = field(default_factory=list)
    streak: FailureStreak = field(default_factory=FailureStreak)

    def measured(
        self, configuration: Configuration, runs: Sequence[Measurement], gain: float | None
    ) -> None:
        """A trial measured a configuration for the first time."""
        self._ended(gain)
        self.runs[configuration] = runs
        self.barren = 0
        self.streak.clear()

    def nothing_new(self, gain: float | None) -> None:
        """A trial drew an invalid configuration, or one that is known."""
        self._ended(gain)
        self.barren += 1

    def broke(self, configuration: Configuration, gain: float | None) -> bool:
        """A trial's configuration could not be measured; whether this is an outage now."""
        self._ended(gain)
        self.barren += 1
        if self.streak.is_outage:
            self.streak.clear()
        self.failed.append(configuration)
        self.streak.add(configuration)
        if self.streak.is_outage:
            self.failed = [c for c in self.failed if c not in self.streak.failed]
            self.finished -= OUTAGE
            self.barren = max(0, self.barren - OUTAGE)
            del self.gains[-OUTAGE:]
        return self.streak.is_outage

    def progress(self, space: SearchSpace, seed: int) -> Progress:
        """The progress that the next suggestion depends on."""
        history = tuple(run for runs in self.runs.values() for run in runs)
        return Progress(space, seed, self.finished, history, frozenset(self.failed))

    def gain_stays_below(self, least: float, times: int = 3) -> bool:
        """True if the last trials all stated an expected gain below `least`."""
        last = self.gains[-times:]
        return len(last) == times and all(g is not None and g < least for g in last)

    def _ended(self, gain: float | None) -> None:
        self.asked += 1
        self.finished += 1
        self.gains.append(gain)
