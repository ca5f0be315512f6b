"""The journal of a run: what it measured, served and gave up, as JSON lines, safe against kills."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import Attribution, ServedRequest
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import (
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


class Journal:
    """An append-only record of finished measurements, served requests, and what was given up.

    Every record is flushed and synced before `append` returns, so it survives a kill and a power
    cut. A last line that was torn by one is cut off on opening.

    Attributes:
        path: the file of JSON lines; None keeps the records in memory only.
        remarks: what was found damaged on opening, and put right.
    """

    def __init__(self, path: Path | None = None, identity: str | None = None) -> None:
        """Open the journal, reading what is there.

        Args:
            path: the file; None: there is none.
            identity: of the run; None: not known. Lines of another run's are left out.

        Raises:
            ResultsError: the file cannot be written, or holds something else, or nothing of this
                run.
        """
        self.path = path
        self._identity = identity
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
    def taken_over(self) -> list[Measurement]:
        """Those of the measurements that another run made, oldest first."""
        return list(self._records.taken_over)

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
            TookOver(folder),
            *(Measured(measurement, earlier=True) for measurement in measurements),
            *map(GaveUp, given_up),
        )

    def append(self, measurement: Measurement) -> None:
        """Keep a finished measurement."""
        self._keep(Measured(measurement))

    def append_served(self, served: ServedRequest, phase: str = "") -> None:
        """Keep a served request of an online phase."""
        self._keep(Answered(served, phase))

    def append_attributions(self, found: Sequence[Attribution], phase: str = "") -> None:
        """Keep whose the joules are that were metered while requests were served."""
        if found:
            self._keep(*(Divided(a.request, a.stream, a.attributed, phase) for a in found))

    def append_given_up(self, given_up: GivenUp) -> None:
        """Keep that a phase went on without a configuration."""
        self._keep(GaveUp(given_up))

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

    def _keep(self, *records: Record) -> None:
        for record in records:
            if self._identity is not None and not isinstance(record, Begun):
                record.run = mark_of(self._identity)
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
            self._records = read_journal(path, content, self._identity)
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
        if not content.startswith(whole) or b"\n" in content[len(whole) :]:  # not only a torn end
            found = _free_name(path.with_name(f"{path.name}.damaged"))
            found.write_bytes(content)
            remark += f", and is kept as it was found as {found.name}"
        draft = path.with_name(f".{path.name}.draft")
        with draft.open("wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self.remarks.append(remark)


def _free_name(path: Path) -> Path:
    """The path, or with a number where something is there: what was kept earlier stays."""
    names = (path.with_name(f"{path.name}_{number}") for number in range(2, 1000))
    return next((name for name in (path, *names) if not name.exists()), path)
