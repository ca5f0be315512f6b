"""What MLflow is to be told, kept in the run's folder until it has been.

Each record stands in a file before it is sent, and is crossed off when MLflow has it. A record may
be sent twice, where the controller or the server ended in between: MLflow holds it once then, since
a run is found again by its token, figures keep the time at which they were noted, and words and
files replace themselves.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

import msgspec

from dynasplit.core.errors import ResultsError

if TYPE_CHECKING:
    from filelock import FileLock

OUTBOX = "mlflow_outbox"
"""Its name in a run's folder."""
RECORDS = "records.jsonl"
_SENT, _LOCK, _FILES = "sent", "lock", "files"


class _Record(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True, frozen=True):
    """Something that MLflow is to be told."""


class Begun(_Record, tag="begun", frozen=True):
    """A start of the run.

    Attributes:
        experiment: its name in MLflow. name: the run's. time_ms: since 1970.
        store: the URI of the store that it was meant for, without a password.
        token: tells the run from every other; empty: an older one.
        tags: words about it. params: what was asked for, flat.
        datasets: what it began with: name, digest, source.
    """

    experiment: str
    name: str
    time_ms: int
    store: str
    token: str = ""
    tags: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    datasets: Sequence[tuple[str, str, str]] = ()


class Noted(_Record, tag="noted", frozen=True):
    """Figures and words.

    Attributes:
        metrics: name, value, time in ms since 1970, step. tags: by name.
    """

    metrics: Sequence[tuple[str, float, int, int]] = ()
    tags: Mapping[str, str] = {}


class Copied(_Record, tag="copied", frozen=True):
    """A file or folder, by its path in the run's folder; MLflow has it under its own name."""

    path: str


class Ended(_Record, tag="ended", frozen=True):
    """The run has ended: `FINISHED`, `FAILED` or `KILLED`."""

    status: str
    time_ms: int


Record = Begun | Noted | Copied | Ended
"""Any record."""
_DECODER = msgspec.json.Decoder(Record)


class Outbox:
    """The records of a run that MLflow does not have yet, held by this controller.

    Attributes:
        folder: the run's.
        begun: the last start that was noted; None: none was.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet; enter it to begin."""
        self.folder = folder
        self.begun: Begun | None = None
        self._place = folder / OUTBOX
        self._lock: FileLock | None = None
        self._file: BinaryIO | None = None
        self._waiting: deque[Record] = deque()
        self._sent = 0

    def __enter__(self) -> Self:
        """Hold the records, and read those that an earlier start has left.

        Raises:
            ResultsError: another controller holds them. OSError: they cannot be read.
        """
        from filelock import FileLock, Timeout

        self._place.mkdir(exist_ok=True)
        lock = FileLock(self._place / _LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise ResultsError(f"{self.folder}: its run is going on, and records itself") from None
        self._lock = lock
        self._file = self._opened()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of them; where MLflow has all, nothing of them stays."""
        if self._file is not None:
            self._file.close()
        if self._lock is not None:
            if self._file is not None and not self._waiting:
                shutil.rmtree(self._place, ignore_errors=True)
            self._lock.release()

    def __len__(self) -> int:
        """How many records MLflow does not have yet."""
        return len(self._waiting)

    @property
    def first(self) -> Record:
        """The oldest record that MLflow does not have yet."""
        return self._waiting[0]

    def append(self, *records: Record) -> None:
        """Keep records; they survive a kill and a power cut.

        Raises:
            OSError: they cannot be written.
        """
        assert self._file is not None
        self._file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in records))
        self._file.flush()
        os.fsync(self._file.fileno())
        for record in records:
            self._take(record)

    def write(self, name: str, content: bytes) -> None:
        """Keep a file that is made for MLflow alone, and that it is to be sent.

        Raises:
            OSError: it cannot be written.
        """
        path = self._place / _FILES / name
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f".{name}.draft")
        draft.write_bytes(content)
        draft.replace(path)
        self.append(Copied(path=path.relative_to(self.folder).as_posix()))

    def copy(self, path: Path) -> None:
        """Keep that a file or folder is to be sent; one that lies elsewhere is copied first.

        Raises:
            OSError: it cannot be.
        """
        if path.is_relative_to(self.folder):
            self.append(Copied(path=path.relative_to(self.folder).as_posix()))
        else:
            self.write(path.name, path.read_bytes())

    def cross_off(self) -> None:
        """MLflow has the oldest record.

        Raises:
            OSError: that cannot be noted.
        """
        self._waiting.popleft()
        self._sent += 1
        self._note(self._sent)

    def start_over(self) -> None:
        """All that is kept is to be sent, since MLflow does not have the run.

        Raises:
            OSError: that cannot be noted.
        """
        if self._sent:
            self._note(0)
            self._waiting, self._sent = deque(self._read()), 0

    def _note(self, sent: int) -> None:
        draft = self._place / f".{_SENT}.draft"
        draft.write_text(f"{sent}\n")
        draft.replace(self._place / _SENT)

    def _take(self, record: Record) -> None:
        if isinstance(record, Begun):
            self.begun = record
        self._waiting.append(record)

    def _opened(self) -> BinaryIO:
        """The file of records, without a last line that was torn."""
        path = self._place / RECORDS
        path.touch()
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        with suppress(OSError, ValueError):
            self._sent = int((self._place / _SENT).read_text())
        for record in self._read():
            self._take(record)
        for _ in range(min(self._sent, len(self._waiting))):
            self._waiting.popleft()
        return path.open("ab")

    def _read(self) -> list[Record]:
        """Every record that was kept.

        Raises:
            ResultsError: a line is none.
        """
        path = self._place / RECORDS
        found = []
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            try:
                found.append(_DECODER.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise ResultsError(
                    f"{path}, line {number}: no record of a run ({error}); remove the line to "
                    "send the others"
                ) from error
        return found


def outboxes_below(place: Path) -> list[Path]:
    """The runs' folders below a place in which records wait, oldest first."""
    found = {path.parent.parent for path in place.rglob(f"{OUTBOX}/{RECORDS}")}
    return sorted(found, key=lambda folder: (folder.name, folder))
