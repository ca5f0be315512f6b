"""How a journal is read: lines that are damaged, another run's, or there twice are left out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import fields
from itertools import groupby
from pathlib import Path

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.run.records import (
    DECODER,
    Answered,
    Begun,
    Divided,
    GaveUp,
    Measured,
    Record,
    Records,
    TookOver,
    mark_of,
)

_MOST = 1e9
"""Of ms and J: what is above it was never measured."""


def read_journal(path: Path, content: bytes | None = None, identity: str | None = None) -> Records:
    """A journal's records, without touching it.

    Args:
        path: the file.
        content: its content, where it has been read already.
        identity: of the run whose records are wanted; None: of the one that is told of first.

    Raises:
        ResultsError: it cannot be read, or holds something else, or nothing of this run.
    """
    if content is None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ResultsError(f"cannot read the journal {path}: {error.strerror}") from error
    reading = _Reading(path, identity)
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        reading.read(number, line)
    return reading.ended(is_torn=bool(content) and not content.endswith(b"\n"))


class _Reading:
    """One journal, line by line."""

    def __init__(self, path: Path, identity: str | None) -> None:
        self._path = path
        self._own = None if identity is None else mark_of(identity)
        self._records = Records()
        self._unreadable: list[int] = []
        self._twice: list[int] = []
        self._others: list[int] = []
        self._strange: str | None = None
        self._section = self._own  # whose the lines are that do not say it
        self._other: Begun | None = None
        self._seen: set[Hashable] = set()

    def read(self, number: int, line: bytes) -> None:
        """Take a line over, or note why it is left out."""
        try:
            record = DECODER.decode(line)
        except msgspec.ValidationError as error:
            self._strange = self._strange or f"line {number}: {error}"
            self._unreadable.append(number)
            return
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._unreadable.append(number)
            return
        key = _key(record)
        if not _can_be(record):
            self._unreadable.append(number)
        elif self._is_other(record):
            self._others.append(number)
        elif key is not None and key in self._seen:
            self._twice.append(number)
        else:
            self._seen.add(key)
            self._records.take(record)
            self._records.whole.append(line + b"\n")

    def ended(self, *, is_torn: bool) -> Records:
        """What was read, with what is to be said of it."""
        records = self._records
        if self._strange is not None and not records.whole:
            raise ResultsError(
                f"{self._path}, {self._strange}; a journal holds one finished measurement or "
                "request a line. Start anew in another folder"
            )
        if self._others and not records.whole:
            raise ResultsError(
                f"{self._path} holds what another run measured{self._whose()}, and nothing of "
                "this one. resume=FOLDER takes over what it measured, from a folder of its own; "
                "resume=false measures anew"
            )
        words = [
            _words(self._unreadable, "cannot be read"),
            _words(self._others, f"are of another run{self._whose()}"),
            _words(self._twice, "say again what is said before"),
            "its last line was cut off in the midst of writing" if is_torn else "",
        ]
        records.damage = ", ".join(filter(None, words)) or None
        return records

    def _is_other(self, record: Record) -> bool:
        """True for a record of another run than this one."""
        mark = mark_of(record.identity) if isinstance(record, Begun) else record.run
        if mark:
            self._own = self._own or mark
        if isinstance(record, Begun):
            self._section = mark
        is_other = (mark or self._section or self._own) != self._own
        if is_other and isinstance(record, Begun):
            self._other = self._other or record
        return is_other

    def _whose(self) -> str:
        """Which other run, as far as it is said."""
        if self._other is None:
            return ""
        return f" ({self._other.experiment}, identity {mark_of(self._other.identity)})"


def _key(record: Record) -> Hashable:
    """What is said once in a journal; None: what may be said again."""
    match record:
        case Begun():
            return record.identity
        case Measured():
            return record.measurement.configuration, record.measurement.repeat
        case Answered():
            return record.phase, record.served.request, record.served.policy
        case Divided():
            return "divided", record.phase, record.request, record.policy
        case GaveUp() | TookOver():
            return None


def _can_be(record: Record) -> bool:
    """False for figures that no window gives."""
    if isinstance(record, Measured):
        return _is_of_a_window(record.measurement)
    if isinstance(record, Answered):
        served = record.served
        return 0 <= served.threshold_ms < _MOST and _is_of_a_window(served.measurement)
    if isinstance(record, Divided):
        values = (getattr(record.attributed, f.name) for f in fields(record.attributed))
        return all(value is None or abs(value) < _MOST for value in values)
    return True


def _is_of_a_window(measurement: Measurement) -> bool:
    figures = [measurement.latency_ms]
    figures += [] if measurement.energy_j is None else [measurement.energy_j]
    shares = (measurement.accuracy, measurement.fidelity, measurement.accuracy_top5)
    cost_s = measurement.testbed_time_s
    return (
        all(0 < figure < _MOST for figure in (*figures, *measurement.inference_ms))
        and all(share is None or 0 <= share <= 1 for share in shares)
        and (cost_s is None or 0 <= cost_s < _MOST)
        and 0 <= measurement.repeat < _MOST
        and measurement.configuration.split_point >= 0
    )


def _words(numbers: Sequence[int], what: str) -> str:
    """Lines in words, those that follow each other as one: `lines 2, 5 to 9`."""
    if not numbers:
        return ""
    told = []
    for _, together in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        places = [number for _, number in together]
        told.append(str(places[0]) if len(places) == 1 else f"{places[0]} to {places[-1]}")
    return f"lines {', '.join(told)} {what}"
