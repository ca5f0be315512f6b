"""The journal of a run: what it measured, served and gave up, as JSON lines, safe against kills."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest


class _Measured(msgspec.Struct, tag="measured", tag_field="kind"):
    measurement: Measurement


class _GaveUp(msgspec.Struct, tag="given_up", tag_field="kind"):
    given_up: GivenUp


class _Answered(msgspec.Struct, tag="served", tag_field="kind"):
    served: ServedRequest


_Record = _Measured | _GaveUp | _Answered
_DECODER = msgspec.json.Decoder(_Record)


class Journal:
    """An append-only record of finished measurements, served requests, and what was given up.

    Every record is flushed and synced before `append` returns, so it survives a kill and a power
    cut. A last line that was torn by one is cut off on opening.

    Attributes:
        path: the file of JSON lines; None keeps the records in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the journal, reading what is there.

        Raises:
            ResultsError: the file cannot be written, or holds something else.
        """
        self.path = path
        self._measurements: list[Measurement] = []
        self._served: list[ServedRequest] = []
        self._given_up: list[GivenUp] = []
        self._file: BinaryIO | None = None
        if path is not None:
            self._file = self._opened(path)

    def measurements(self) -> list[Measurement]:
        """Every measurement appended, oldest first."""
        return list(self._measurements)

    def served(self) -> list[ServedRequest]:
        """Every request served, oldest first."""
        return list(self._served)

    def given_up(self) -> list[GivenUp]:
        """Every configuration that a phase went on without, oldest first."""
        return list(self._given_up)

    def append(self, measurement: Measurement) -> None:
        """Keep a finished measurement."""
        self._write(_Measured(measurement))
        self._measurements.append(measurement)

    def append_served(self, served: ServedRequest) -> None:
        """Keep a served request."""
        self._write(_Answered(served))
        self._served.append(served)

    def append_given_up(self, given_up: GivenUp) -> None:
        """Keep that a phase went on without a configuration."""
        self._write(_GaveUp(given_up))
        self._given_up.append(given_up)

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

    def _write(self, record: _Record) -> None:
        if self._file is None:
            return
        try:
            self._file.write(msgspec.json.encode(record) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except (OSError, ValueError) as error:
            raise ResultsError(f"cannot write to {self.path}: {error}") from error

    def _opened(self, path: Path) -> BinaryIO:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+b")
            file.seek(0)
            whole = self._read(path, file.read())
            file.truncate(whole)
        except OSError as error:
            raise ResultsError(f"cannot open the journal {path}: {error}") from error
        return file

    def _read(self, path: Path, content: bytes) -> int:
        """Take over the records; the length of what is whole, in bytes."""
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            try:
                record = _DECODER.decode(line)
            except msgspec.MsgspecError as error:
                raise ResultsError(
                    f"{path}, line {number}: {error}; a journal holds one finished measurement "
                    "or request a line. Start anew in another folder, or remove the line"
                ) from error
            match record:
                case _Measured():
                    self._measurements.append(record.measurement)
                case _GaveUp():
                    self._given_up.append(record.given_up)
                case _Answered():
                    self._served.append(record.served)
        return whole
