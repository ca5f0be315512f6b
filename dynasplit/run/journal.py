"""The journal of a run: what it measured, served and gave up, as JSON lines, safe against kills."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

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


class _Measured(msgspec.Struct, tag="measured", tag_field="kind"):
    measurement: Measurement


class _GaveUp(msgspec.Struct, tag="given_up", tag_field="kind"):
    given_up: GivenUp


class _Answered(msgspec.Struct, tag="served", tag_field="kind"):
    served: ServedRequest
    phase: str = ""


class _TookOver(msgspec.Struct, tag="took_over", tag_field="kind"):
    folder: str
    measurements: int


_Record = Begun | _Measured | _GaveUp | _Answered | _TookOver
_DECODER = msgspec.json.Decoder(_Record)


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

    def take(self, record: _Record) -> None:
        """Take over a record."""
        match record:
            case Begun():
                self.begun = record
            case _Measured():
                self.measurements.append(record.measurement)
            case _GaveUp():
                self.given_up.append(record.given_up)
            case _Answered():
                self.served.append((record.phase, record.served))
            case _TookOver():
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
            if isinstance(record, _Measured) and not _can_be(record.measurement):
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


class Journal:
    """An append-only record of finished measurements, served requests, and what was given up.

    Every record is flushed and synced before `append` returns, so it survives a kill and a power
    cut. A last line that was torn by one is cut off on opening.

    Attributes:
        path: the file of JSON lines; None keeps the records in memory only.
        remarks: what was found damaged on opening, and put right.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the journal, reading what is there.

        Raises:
            ResultsError: the file cannot be written, or holds something else.
        """
        self.path = path
        self.remarks: list[str] = []
        self._records = Records()
        self._file: BinaryIO | None = None
        if path is not None:
            self._file = self._opened(path)

    @property
    def begun(self) -> Begun | None:
        """What the records are of; None: nobody has said it."""
        return self._records.begun

    def begin(self, begun: Begun) -> None:
        """Say what the records are of, unless it has been said."""
        if self._records.begun is None:
            self._keep(begun)

    def measurements(self) -> list[Measurement]:
        """Every measurement appended, oldest first."""
        return list(self._records.measurements)

    def served(self, phase: str = "") -> list[ServedRequest]:
        """Every request served in an online phase, oldest first."""
        return [served for of, served in self._records.served if of == phase]

    def given_up(self) -> list[GivenUp]:
        """Every configuration that a phase went on without, oldest first."""
        return list(self._records.given_up)

    @property
    def taken_over(self) -> int:
        """How many of the measurements, the first ones, another run made."""
        return self._records.taken_over

    def take_over(
        self, folder: str, measurements: Sequence[Measurement], given_up: Sequence[GivenUp]
    ) -> None:
        """Begin with what another run measured and went on without.

        Args:
            folder: the other run's.
            measurements: its, in their order.
            given_up: likewise.
        """
        self._keep(
            _TookOver(folder, len(measurements)),
            *map(_Measured, measurements),
            *map(_GaveUp, given_up),
        )

    def append(self, measurement: Measurement) -> None:
        """Keep a finished measurement."""
        self._keep(_Measured(measurement))

    def append_served(self, served: ServedRequest, phase: str = "") -> None:
        """Keep a served request of an online phase."""
        self._keep(_Answered(served, phase))

    def append_given_up(self, given_up: GivenUp) -> None:
        """Keep that a phase went on without a configuration."""
        self._keep(_GaveUp(given_up))

    def close(self) -> None:
        """Close the file; the records stay readable."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _keep(self, *records: _Record) -> None:
        self._write(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        for record in records:
            self._records.take(record)

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(lines)
            self._file.flush()
            os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            raise ResultsError(f"cannot write to {self.path}: {error}") from error

    def _opened(self, path: Path) -> BinaryIO:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+b")
            file.seek(0)
            content = file.read()
            self._records = read_journal(path, content)
            if self._records.damage is not None:
                file.close()
                self._mend(path, content)
                file = path.open("a+b")
        except OSError as error:
            raise ResultsError(f"cannot open the journal {path}: {error}") from error
        return file

    def _mend(self, path: Path, content: bytes) -> None:
        """Leave out what cannot be read; the file as it was found is kept beside it."""
        whole = b"".join(self._records.whole)
        remark = f"{path.name}: {self._records.damage}; it goes on with what is whole"
        if not content.startswith(whole):  # more than a torn end
            found = path.with_name(f"{path.name}.damaged")
            found.write_bytes(content)
            remark += f", and is kept as it was found as {found.name}"
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self.remarks.append(remark)
