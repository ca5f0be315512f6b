"""Measures configurations for the offline phase; the journal's measurements are reused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from dynasplit.core.errors import (
    DynaSplitError,
    HostProgramFailed,
    HostUnreachable,
    KnobRefused,
    MeasurementError,
)
from dynasplit.core.measurement import Measurement, Testbed
from dynasplit.core.provenance import STATED_FLAGS, told_j
from dynasplit.core.space import Configuration
from dynasplit.run.journal import Journal
from dynasplit.testbed.gates.base import gates
from dynasplit.testbed.judging import WindowTooShort
from dynasplit.testbed.retry import RetryPolicy

Audit = Callable[[Measurement, Sequence[Measurement]], Sequence[str]]
"""Names what is doubtful about a measurement, given those before it."""

CONFIGURATION_FAULTS = (MeasurementError, HostProgramFailed, HostUnreachable, KnobRefused)
"""Errors that may be due to the configuration. Any other is due to the testbed: it ends the run."""

_HARMLESS = frozenset({"single_run"})
"""Flags that ask for no recheck, beside gates': their `again` is done by the testbed."""


@runtime_checkable
class RestingTestbed(Protocol):
    """A testbed whose time can go on while nothing is measured."""

    def rest(self, for_s: float) -> None:
        """Let so much of its time pass, and begin anew what has ended; it may raise if it fails."""
        ...


class Measurer:
    """Runs of configurations, from the journal where it has them, else from the testbed.

    Attributes:
        journal: keeps each measurement.
        runs: what is measured, by configuration, in order of their repeats.
        taken_over: configurations that another run measured, and this one took over.
        announce: is told each measurement that was made now.
        tell: is told what keeps a measurement waiting.
    """

    def __init__(
        self,
        testbed: Testbed,
        journal: Journal,
        retry: RetryPolicy,
        audit: Audit | None = None,
        rechecks: int = 2,
    ) -> None:
        """Take over what the journal holds.

        Args:
            testbed: measures.
            journal: keeps each measurement as soon as it is finished.
            retry: what is done about transient errors.
            audit: flags doubtful measurements.
            rechecks: how many more runs a doubtful first run gets at most.
        """
        self.runs: dict[Configuration, list[Measurement]] = {}
        self.announce: Callable[[Measurement], None] = lambda _measurement: None
        self.tell: Callable[[str], None] = lambda _text: None
        self._testbed, self.journal, self._retry = testbed, journal, retry
        self._audit, self._rechecks = audit, rechecks
        self._harmless = _HARMLESS.union(gates())
        measurements = journal.measurements()
        self.taken_over = {m.configuration for m in journal.taken_over}
        self._kept: dict[tuple[Configuration, int], Measurement] = {}
        for measurement in measurements:  # a line that is there twice is no repeat
            self._kept.setdefault((measurement.configuration, measurement.repeat), measurement)
        for configuration, repeat in list(self._kept):
            if repeat == 0:
                self.runs[configuration] = []
                self._extend(configuration)

    def run(self, configuration: Configuration, repeat: int = 0) -> Measurement:
        """A run of a configuration.

        Args:
            configuration: a valid one.
            repeat: at most the number of its runs so far.

        Raises:
            DynaSplitError: it cannot be measured; one of `CONFIGURATION_FAULTS` if only this
                configuration may be the reason.
        """
        runs = self.runs.get(configuration, [])
        if repeat < len(runs):
            return runs[repeat]
        found = self._retry.measure(
            lambda: self._once(configuration, repeat),
            self.tell,
            lambda error: self._tell_again(configuration, error),
        )
        self.journal.append(found)
        self.runs.setdefault(configuration, []).append(found)
        self._extend(configuration)
        self.announce(found)
        return found

    def _tell_again(self, configuration: Configuration, error: DynaSplitError) -> None:
        if not isinstance(error, WindowTooShort):  # nothing is wrong with that one
            self.tell(f"{configuration.words()} is measured again: {error}")

    def _extend(self, configuration: Configuration) -> None:
        """Take over the repeats that are kept and follow: none is skipped where one was lost."""
        runs = self.runs[configuration]
        while (kept := self._kept.get((configuration, len(runs)))) is not None:
            runs.append(kept)

    def check_measures(self) -> bool:
        """Measure once more what was measured last: so it is seen whether the testbed still does.

        To be asked before what failed last is given up for a host that did not answer.

        Returns:
            False if nothing has been measured yet.

        Raises:
            DynaSplitError: it does not; nothing is given up, and the same command goes on there.
        """
        for configuration, runs in reversed(self.runs.items()):
            self.run(configuration, len(runs))
            return True
        return False

    def rest(self, for_s: float) -> None:
        """Let the testbed's time go on, where it has any.

        Raises:
            DynaSplitError: it fails meanwhile.
        """
        if for_s > 0 and isinstance(self._testbed, RestingTestbed):
            self._testbed.rest(for_s)

    def search_runs(self, configuration: Configuration) -> list[Measurement]:
        """The runs that a search sees: the first, with rechecks while the last one is doubtful.

        Later repeats are left out, so that a search sees the same whenever it asks.
        """
        seen = [self.run(configuration)]
        while len(seen) <= self._rechecks and self._is_doubtful(seen[-1]):
            seen.append(self.run(configuration, len(seen)))
        return seen

    def _is_doubtful(self, measurement: Measurement) -> bool:
        """True if a check doubts it; a fault that hosts were given on purpose is no doubt."""
        doubts = (f for f in measurement.flags if not f.startswith(STATED_FLAGS))
        return not self._harmless.issuperset(doubts)

    def _once(self, configuration: Configuration, repeat: int) -> Measurement:
        found = self._testbed.measure(configuration, repeat=repeat)
        figures = [found.latency_ms] + ([] if found.energy_j is None else [found.energy_j])
        if not all(math.isfinite(f) and f > 0 for f in figures):
            raise MeasurementError(
                f"{configuration.words()}: measured {found.latency_ms:g} ms, energy "
                f"{told_j(found.energy_j)}; allowed: finite figures above 0"
            )
        if self._audit is None:
            return found
        flags = self._audit(found, self.journal.measurements())
        return dataclasses.replace(found, flags=tuple(dict.fromkeys((*found.flags, *flags))))


def time_s(runs: Sequence[Measurement]) -> float:
    """The testbed time of runs in s; runs without it count as 0."""
    return sum(m.testbed_time_s or 0.0 for m in runs)
