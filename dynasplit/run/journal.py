"""The journal of a run: finished measurements and requests as JSON lines, safe against kills."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest


class _Measured(msgspec.Struct, tag="measured", tag_field="kind"):
    measurement: Measurement


class _Answered(msgspec.Struct, tag="served", tag_field="kind"):
    served: ServedRequest


_DECODER = msgspec.json.Decoder(_Measured | _Answered)


class Journal:
    """An append-only record of finished measurements and served requests.

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
        self._file: BinaryIO | None = None
        if path is not None:
            self._file = self._opened(path)

    def measurements(self) -> list[Measurement]:
        """Every measurement appended, oldest first."""
        return list(self._measurements)

    def served(self) -> list[ServedRequest]:
        """Every request served, oldest first."""
        return list(self._served)

    def append(self, measurement: Measurement) -> None:
        """Keep a finished measurement."""
        self._write(_Measured(measurement))
        self._measurements.append(measurement)

    def append_served(self, served: ServedRequest) -> None:
        """Keep a served request."""
        self._write(_Answered(served))
        self._served.append(served)

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

    def _write(self, record: _Measured | _Answered) -> None:
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
            if isinstance(record, _Measured):
                self._measurements.append(record.measurement)
            else:
                self._served.append(record.served)
        return whole
