"""The records of a journal, and how they are read; damaged ones are left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest

JOURNAL = "journal.jsonl"
"""Its name in a run's folder."""
_MOST = 1e9
"""Of ms and J: what is above it was never measured."""


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


class Measured(msgspec.Struct, tag="measured", tag_field="kind"):
    """A finished measurement."""

    measurement: Measurement


class GaveUp(msgspec.Struct, tag="given_up", tag_field="kind"):
    """A configuration that a phase went on without."""

    given_up: GivenUp


class Answered(msgspec.Struct, tag="served", tag_field="kind"):
    """A served request, with the identity of its online phase."""

    served: ServedRequest
    phase: str = ""


class TookOver(msgspec.Struct, tag="took_over", tag_field="kind"):
    """The measurements that follow are another run's, so many of them."""

    folder: str
    measurements: int


Record = Begun | Measured | GaveUp | Answered | TookOver
"""Any record."""
_DECODER = msgspec.json.Decoder(Record)


@dataclass
class Records:
    """What a journal holds.

    Attributes:
        begun: what the records are of; None: written before this was kept.
        measurements: every one, oldest first. given_up: likewise.
        served: likewise, each with the identity of its online phase.
        taken_over: how many measurements, the first ones, another run made.
        whole: the lines that can be read, with their ends.
        damage: what cannot be read, in words; None: all can.
    """

    begun: Begun | None = None
    measurements: list[Measurement] = field(default_factory=list)
    served: list[tuple[str, ServedRequest]] = field(default_factory=list)
    given_up: list[GivenUp] = field(default_factory=list)
    taken_over: int = 0
    whole: list[bytes] = field(default_factory=list)
    damage: str | None = None

    def take(self, record: Record) -> None:
        """Take over a record."""
        match record:
            case Begun():
                self.begun = record
            case Measured():
                self.measurements.append(record.measurement)
            case GaveUp():
                self.given_up.append(record.given_up)
            case Answered():
                self.served.append((record.phase, record.served))
            case TookOver():
                self.taken_over = record.measurements


def read_journal(path: Path, content: bytes | None = None) -> Records:
    """A journal's records, without touching it.

    Args:
        path: the file.
        content: its content, where it has been read already.

    Raises:
        ResultsError: it cannot be read, or holds something else.
    """
    if content is None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ResultsError(f"cannot read the journal {path}: {error.strerror}") from error
    records, unreadable, strange = Records(), list[int](), None
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            record = _DECODER.decode(line)
            if isinstance(record, Measured) and not _can_be(record.measurement):
                unreadable.append(number)
                continue
            records.take(record)
        except msgspec.ValidationError as error:
            strange = strange or f"line {number}: {error}"
            unreadable.append(number)
            continue
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable.append(number)
            continue
        records.whole.append(line + b"\n")
    if strange is not None and not records.whole:
        raise ResultsError(
            f"{path}, {strange}; a journal holds one finished measurement or request a line. "
            "Start anew in another folder"
        )
    if unreadable:
        records.damage = f"lines {', '.join(map(str, unreadable))} cannot be read"
    elif not content.endswith(b"\n") and content:
        records.damage = "its last line was cut off in the midst of writing"
    return records


def _can_be(measurement: Measurement) -> bool:
    """False for figures that no window gives."""
    figures = [measurement.latency_ms]
    figures += [] if measurement.energy_j is None else [measurement.energy_j]
    return all(0 < figure < _MOST for figure in figures)


def first_record(path: Path) -> Begun | None:
    """What a journal's records are of; None: it does not say it, or is not there."""
    try:
        with path.open("rb") as file:
            record = _DECODER.decode(file.readline())
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return record if isinstance(record, Begun) else None
