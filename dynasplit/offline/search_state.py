"""The state of a search, which follows from its finished trials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from dynasplit.core.errors import DynaSplitError, HostUnreachable, KnobRefused
from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, KnobValue, SearchSpace
from dynasplit.offline.measurer import CONFIGURATION_FAULTS, Measurer
from dynasplit.offline.search.base import Progress
from dynasplit.run.journal import Journal

OUTAGE = 3
"""So many different configurations failing in a row are due to the testbed, not to them.

Those that a host refuses for the same setting (one frequency of many) count as one."""
RESTS_S = (0.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)
"""Before each time that it is asked whether an outage has passed; after the last the run ends."""


class StudyDamagedError(Exception):
    """The study's file cannot be read, or contradicts the journal."""


@dataclass
class FailureStreak:
    """Configurations that failed one after the other, without a success in between.

    They are suspects until another one is measured: only then it is they that cannot be, and not
    the testbed. Only then they are written down, so that a run that ends meanwhile, by itself or
    by its user, asks for them again when it goes on.

    Attributes:
        suspects: each of them in order, why it failed, and how many runs of it there were.
        is_gone: a host did not answer one of them, or the link broke: others may fail as well.
    """

    suspects: dict[Configuration, tuple[str, int]] = field(default_factory=dict)
    is_gone: bool = False
    _causes: set[str] = field(default_factory=set)

    def add(self, configuration: Configuration, error: DynaSplitError, runs: int = 0) -> None:
        """Another one failed, of which there are so many runs."""
        self.suspects[configuration] = str(error), runs
        self.is_gone = self.is_gone or isinstance(error, HostUnreachable)
        self._causes.add(_cause(configuration, error))

    def settle(self, phase: Literal["search", "repeats"], journal: Journal) -> None:
        """One was measured, or none is left to be: those that failed are given up."""
        for configuration, (reason, runs) in self.suspects.items():
            journal.append_given_up(
                GivenUp(phase=phase, configuration=configuration, reason=reason, runs=runs)
            )
        self.suspects.clear()
        self.is_gone = False
        self._causes.clear()

    def outlast(self, error: DynaSplitError, measurer: Measurer) -> None:
        """See whether an outage passes: an end would need a hand for a fault of a minute.

        What was measured last and what failed first are asked in turn, after rests that grow: the
        one shows whether the testbed measures, the other one, whether the fault has passed. A host
        that refuses at once would be asked all those times within a second otherwise.

        Raises:
            DynaSplitError: it does not pass, a host is gone, or nothing was ever measured.
        """
        first, (_, runs) = next(iter(self.suspects.items()))
        rests_s = () if self.is_gone or not measurer.runs else RESTS_S
        if rests_s:
            measurer.tell(
                f"{len(self.suspects)} failed in a row; it is seen whether that passes within "
                f"{sum(rests_s):g} s"
            )
        for rest_s in rests_s:
            try:
                measurer.rest(rest_s)
                measurer.check_measures()
                measurer.run(first, runs)
            except HostUnreachable:
                raise
            except CONFIGURATION_FAULTS:
                continue
            self._causes.clear()
            return
        raise error

    @property
    def is_outage(self) -> bool:
        """True if the failures are due to the testbed."""
        return len(self._causes) >= OUTAGE


def refused_setting(configuration: Configuration, words: str) -> tuple[str, KnobValue] | None:
    """The knob and value of a configuration that a host's words name; None: they name none."""
    for name, value in configuration.knobs:
        if re.search(rf"\b{re.escape(f'{name}={value}')}\b", words):
            return name, value
    return None


def cause(configuration: Configuration, reason: str) -> str:
    """The setting that a host refused, by its words; else the configuration itself."""
    refused = refused_setting(configuration, reason)
    return str(configuration if refused is None else refused)


def _cause(configuration: Configuration, error: DynaSplitError) -> str:
    """As `cause`; words of other errors are not looked at."""
    return cause(configuration, str(error) if isinstance(error, KnobRefused) else "")


@dataclass
class SearchState:
    """The state of a search; the same trials always give the same state.

    Attributes:
        runs: of each distinct configuration that was measured, in order.
        failed: configurations that could not be measured.
        asked: trials that ended.
        barren: trials since the last one that measured something new.
        gains: what each trial was expected to gain, as far as stated.
    """

    runs: dict[Configuration, Sequence[Measurement]] = field(default_factory=dict)
    failed: list[Configuration] = field(default_factory=list)
    asked: int = 0
    barren: int = 0
    gains: list[float | None] = field(default_factory=list)

    def measured(
        self, configuration: Configuration, runs: Sequence[Measurement], gain: float | None
    ) -> None:
        """A trial measured a configuration for the first time."""
        self._ended(gain)
        self.runs[configuration] = runs
        self.barren = 0

    def nothing_new(self, gain: float | None) -> None:
        """A trial drew an invalid configuration, or one that is known."""
        self._ended(gain)
        self.barren += 1

    def broke(self, configuration: Configuration, gain: float | None) -> None:
        """A trial's configuration could not be measured."""
        self._ended(gain)
        self.barren += 1
        self.failed.append(configuration)

    def recovered(self, configuration: Configuration, runs: Sequence[Measurement]) -> None:
        """One that had failed was measured when it was asked again."""
        self.failed.remove(configuration)
        self.runs[configuration] = runs

    def progress(self, space: SearchSpace, seed: int) -> Progress:
        """The progress that the next suggestion depends on."""
        history = tuple(run for runs in self.runs.values() for run in runs)
        return Progress(space, seed, self.asked, history, frozenset(self.failed))

    def gain_stays_below(self, least: float, times: int = 3) -> bool:
        """True if the last trials all stated an expected gain below `least`."""
        last = self.gains[-times:]
        return len(last) == times and all(g is not None and g < least for g in last)

    def _ended(self, gain: float | None) -> None:
        self.asked += 1
        self.gains.append(gain)
