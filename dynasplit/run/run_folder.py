"""A run's folder, results/<experiment>/<date_time>/, continued where it stopped."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dynasplit.core.errors import ResultsError
from dynasplit.run.identity import (
    ROOT,
    Identities,
    changed_rooms,
    code_state,
    git_revision,
    library_versions,
)
from dynasplit.run.run_record import RECORD, RunRecord, is_copy, place_of, records_in
from dynasplit.run.sealed import hashes_of, seal_of
from dynasplit.run.writable import check_writable

if TYPE_CHECKING:
    from filelock import FileLock


class RunFolder:
    """One run's folder, held by this controller.

    Attributes:
        path: the folder. resumed: whether an earlier start of the same run has been here.
        record: what its run.json holds.
        changed: folders of the code that are not as they were at the earlier start.
    """

    def __init__(
        self, path: Path, record: RunRecord, *, resumed: bool, changed: Sequence[str] = ()
    ) -> None:
        """Take a folder over; `open_run_folder` is the way to one."""
        self.path = path
        self.record = record
        self.resumed = resumed
        self.changed = tuple(changed)
        self._save()

    @property
    def name(self) -> str:
        """A name that no other run has: experiment, time, and what tells it from its like."""
        return " ".join(filter(None, (self.path.parent.name, self.path.name, self.record.token)))

    def claim_hosts(self, hosts: Mapping[str, str]) -> None:
        """Say which hosts measure here; how they are reached may change, they may not.

        Raises:
            ResultsError: others have measured here.
        """
        for role, name in hosts.items():
            before = self.record.hosts.get(role, name)
            if before != name:
                raise ResultsError(
                    f"{self.path} holds what {before!r} measured as {role}; the {role} host now is "
                    f"{name!r}. resume=false starts anew"
                )
        self.record.hosts = dict(hosts)
        self._save()

    def describe(
        self,
        command: Sequence[str],
        host_facts: Mapping[str, Mapping[str, Any]],
        artifacts: Mapping[str, str],
        seeds: Mapping[str, int],
    ) -> None:
        """Keep how the run was asked for, and what it is made of.

        Args:
            command: its words.
            host_facts: what its hosts say of themselves and their meters, by role.
            artifacts: the SHA-256 of the network's files, by name.
            seeds: by what is drawn from them.
        """
        self.record.command = list(command)
        self.record.host_facts = {role: dict(facts) for role, facts in host_facts.items()}
        told = {role: facts.get("meter") for role, facts in host_facts.items()}
        self.record.meters = {role: str(words) for role, words in told.items() if words}
        self.record.artifacts, self.record.seeds = dict(artifacts), dict(seeds)
        self._save()

    def know_by(self, content: str) -> None:
        """Keep the hash of all that was asked for; empty: it is not known."""
        self.record.content = content
        self._save()

    def take_over(self, folder: Path, hosts: Mapping[str, str]) -> None:
        """Say from which run's folder measurements are taken over, and which hosts made them."""
        self.record.took_over, self.record.hosts = str(folder.resolve()), dict(hosts)
        self._save()

    def finish(self, order: str = "") -> None:
        """Mark the run as finished, with its files' hashes; the same again begins a new run.

        Args:
            order: of its measurements and requests, as `order_of` gives it; empty: it has none.

        Raises:
            ResultsError: a file cannot be read, or run.json not be written.
        """
        try:
            self.record.files = hashes_of(self.path)
        except OSError as error:
            raise ResultsError(f"{error.filename} cannot be read: {error.strerror}") from error
        self.record.state, self.record.order = "finished", order
        self.record.seal = seal_of(msgspec.to_builtins(self.record))
        self._save()

    def _save(self) -> None:
        draft = self.path / f".{RECORD}.draft"
        try:
            draft.write_bytes(msgspec.json.format(msgspec.json.encode(self.record), indent=1))
            draft.replace(self.path / RECORD)
        except OSError as error:
            raise ResultsError(f"{self.path / RECORD} cannot be written: {error}") from error


@contextmanager
def open_run_folder(
    results_dir: Path,
    experiment: str,
    identity: str,
    *,
    resume: bool | Path = True,
    online: str = "",
    configuration: Mapping[str, Any] | None = None,
    older: Identities | None = None,
) -> Iterator[RunFolder]:
    """Hold the folder of a run: the newest unfinished one of this identity, or a new one.

    Args:
        results_dir: where results appear.
        experiment: the experiment's name.
        identity: see `dynasplit.identity`.
        resume: whether to continue an unfinished run; a folder: only that one, or one that
            began with its measurements.
        online: identity of its online phase.
        configuration: to be kept in run.json.
        older: what runs from before knew the same by; such a run goes on under it.

    Raises:
        ResultsError: nothing can be written there, or another controller holds this identity.
    """
    check_writable(results_dir)
    place = results_dir / experiment
    with ExitStack() as locks:
        locks.enter_context(_held(results_dir, place, identity, online))
        known_by = (identity,) if older is None else (identity, older.campaign)
        found = _continued(results_dir, place, known_by, resume, locks)
        if found is None:
            started = datetime.now().isoformat("_", "seconds")
            record = RunRecord(identity=identity, started=started, token=secrets.token_hex(4))
            path = _new_folder(place)
            locks.enter_context(_lock_of(results_dir, path).acquire())
        else:
            path, record = found
            if is_copy(path, record):  # which goes on beside the run that it was copied from
                record.token = secrets.token_hex(4)
        code = code_state()
        changed = changed_rooms(record.code, code)
        record.place = place_of(path)
        if older is None or record.online != older.online:  # what was served bears it
            record.online = online
        record.process, record.code = os.getpid(), code
        record.git_revision = git_revision()
        record.libraries = library_versions(ROOT / "requirements.txt")
        record.configuration = dict(configuration or {})
        yield RunFolder(path, record, resumed=found is not None, changed=changed)


def _unfinished(place: Path, known_by: Collection[str]) -> Iterator[tuple[Path, RunRecord]]:
    """The unfinished runs of these identities, newest first."""
    for path, record in records_in(place):
        if record.identity in known_by and record.state == "unfinished":
            yield path, record


def _continued(
    results_dir: Path,
    place: Path,
    known_by: Collection[str],
    resume: bool | Path,
    locks: ExitStack,
) -> tuple[Path, RunRecord] | None:
    """The newest unfinished run that may be continued and that no other controller is at."""
    from filelock import Timeout

    if resume is False:
        return None
    for path, record in _unfinished(place, known_by):
        named = (path.resolve(), Path(record.took_over).resolve() if record.took_over else None)
        if resume is not True and resume.resolve() not in named:
            continue
        with suppress(Timeout):
            locks.enter_context(_lock_of(results_dir, path).acquire())
            return path, record
    return None


def _lock_of(results_dir: Path, folder: Path) -> FileLock:
    from filelock import FileLock

    return FileLock(results_dir / ".locks" / f"{folder.parent.name}_{folder.name}.lock", timeout=0)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(
            f"the folder {folder} cannot be made: {error.strerror}; is a file there instead?"
        ) from error


def _new_folder(place: Path) -> Path:
    """A folder named by the time; a second one of the same second gets a number."""
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    _make(place)
    for number in range(1, 1000):
        path = place / (now if number == 1 else f"{now}_{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise ResultsError(f"{place} has a thousand runs of this second")


@contextmanager
def _held(results_dir: Path, place: Path, identity: str, online: str) -> Iterator[None]:
    """Hold the lock of a run; the system lets it go whenever the controller ends."""
    from filelock import FileLock, Timeout

    locks = results_dir / ".locks"
    _make(locks)
    lock = FileLock(locks / f"{identity[:16]}{online[:16]}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        held = next(_unfinished(place, (identity,)), None)
        where = f" in {held[0]} (process {held[1].process})" if held else ""
        raise ResultsError(
            f"this very run is going on{where}; wait for it, or ask for another (seed=..., "
            "results_dir=...)"
        ) from None
    try:
        yield
    finally:
        lock.release()
