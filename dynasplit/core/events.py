"""Events of the phases, which progress bars and recorders subscribe to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration

Phase = Literal["search", "baselines", "repeats", "online"]


@dataclass(frozen=True, slots=True)
class Started:
    """A phase begins.

    Attributes:
        phase: which one.
        total: how many measurements it will take, as far as is known.
        done: how many of them an earlier start of this run has finished.
    """

    phase: Phase
    total: int
    done: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement is finished and kept.

    Attributes:
        phase: which one.
        measurement: it.
        done: how many there are.
        total: as far as is known; may have changed since the start.
        expected_gain: what the search expected when it asked for it; None: it does not say.
    """

    phase: Phase
    measurement: Measurement
    done: int
    total: int
    expected_gain: float | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A configuration could not be measured; the phase goes on without it."""

    phase: Phase
    configuration: Configuration
    reason: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """Something that the user should know, and that stops nothing."""

    phase: Phase
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A request is served and kept."""

    served: ServedRequest
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A phase has ended, and why."""

    phase: Phase
    reason: str = ""


Event = Started | Measured | Failed | Remarked | Answered | Finished
Subscriber = Callable[[Event], None]


def nobody(_event: Event) -> None:
    """The subscriber that does not listen."""
