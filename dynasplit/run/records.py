"""The records of a journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import Attributed, ServedRequest

JOURNAL = "journal.jsonl"
"""Its name in a run's folder."""
_MARK_LENGTH = 16


class Begun(msgspec.Struct, tag="begun", tag_field="kind", frozen=True):
    """The first record: what the others are of.

    Attributes:
        identity: of the run, as in its `run.json`. experiment: its name.
        network: the network's name. last_split_point: its last one.
    """

    identity: str
    experiment: str
    network: str
    last_split_point: int


class _OfRun(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """A record of what a run did.

    Attributes:
        run: the first 16 digits of its identity, so that lines of another run's journal are told
            apart; empty: not known, as in older journals.
    """

    run: str = ""


class Measured(_OfRun, tag="measured"):
    """A finished measurement; an earlier one was made by the run that was taken over."""

    measurement: Measurement
    earlier: bool = False


class GaveUp(_OfRun, tag="given_up"):
    """A configuration that a phase went on without."""

    given_up: GivenUp


class Answered(_OfRun, tag="served"):
    """A served request, with the identity of its online phase."""

    served: ServedRequest
    phase: str = ""


class Divided(_OfRun, tag="divided"):
    """Whose the joules are that were metered while a request was served, which was told before."""

    request: int
    policy: str
    attributed: Attributed
    phase: str = ""


class TookOver(_OfRun, tag="took_over"):
    """Another run's measurements follow.

    Attributes:
        folder: the other run's.
        measurements: how many of those that follow are its; 0: each one says so itself.
    """

    folder: str
    measurements: int = 0


Record = Begun | Measured | GaveUp | Answered | Divided | TookOver
"""Any record."""
DECODER = msgspec.json.Decoder(Record)


def mark_of(identity: str) -> str:
    """The mark that a run's records bear."""
    return identity[:_MARK_LENGTH]


@dataclass
class Records:
    """What a journal holds.

    Attributes:
        begun: what the records are of; None: written before this was kept.
        measurements: every one, oldest first. given_up: likewise.
        served: likewise, each with the identity of its online phase.
        taken_over: those that another run made.
        whole: the lines that can be used, with their ends.
        damage: what cannot be, in words; None: all can.
    """

    begun: Begun | None = None
    measurements: list[Measurement] = field(default_factory=list)
    served: list[tuple[str, ServedRequest]] = field(default_factory=list)
    given_up: list[GivenUp] = field(default_factory=list)
    taken_over: list[Measurement] = field(default_factory=list)
    whole: list[bytes] = field(default_factory=list)
    damage: str | None = None
    _announced: int = 0
    _places: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """Take over a record."""
        match record:
            case Begun():
                self.begun = record
            case Measured():
                self.measurements.append(record.measurement)
                if record.earlier or self._announced:
                    self.taken_over.append(record.measurement)
                self._announced = max(0, self._announced - 1)
            case GaveUp():
                self.given_up.append(record.given_up)
            case Answered():
                key = record.phase, record.served.request, record.served.policy
                self._places[key] = len(self.served)
                self.served.append((record.phase, record.served))
            case Divided():
                place = self._places.get((record.phase, record.request, record.policy))
                if place is not None:
                    served = replace(self.served[place][1], attributed=record.attributed)
                    self.served[place] = (record.phase, served)
            case TookOver():  # again, where the run ended before it had taken all
                self._announced = record.measurements


def first_record(path: Path) -> Begun | None:
    """What a journal's records are of; None: it does not say it, or is not there."""
    try:
        with path.open("rb") as file:
            record = DECODER.decode(file.readline())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return record if isinstance(record, Begun) else None
