"""The record of a run, `run.json` in its folder: identities, state, code, hosts, configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from dynasplit.core.errors import DataError
from dynasplit.run.records import JOURNAL, first_record

RECORD, SUMMARY = "run.json", "summary.json"
RUNS, REQUESTS, FRONT = "runs.parquet", "requests.parquet", "front.json"


class RunRecord(msgspec.Struct, kw_only=True):
    """The content of `run.json`.

    Attributes:
        identity: hash of all that determines what the offline phase measures.
        online: of the online phase: hash of what determines who serves which requests.
        content: hash of all that was asked for and its result depends on, files included, by which
            a sweep knows what it has finished; empty: an older run.
        code: a hash of the code in each of its folders, when it was last started.
        libraries: their versions, likewise.
        hosts: the name of the host in each role, as it says itself; empty: not known.
        token: tells the run from others of its name and second, where their records are together;
            empty: an older run, or one whose record was lost.
        place: its folder; another one than that has been moved, or is a copy.
        took_over: folder of the run whose measurements this one began with; empty: none.
        state: finished, or what a later start may continue.
        started: local time of the first start, ISO 8601. process: id of the last controller.
        git_revision: of the code; None outside a git checkout.
        configuration: resolved.
        command: the words of the command line, without passwords; empty: not known.
        host_facts: what the host in each role says of itself and its meter.
        meters: what the meters of the host in each role say of themselves.
        artifacts: the SHA-256 of each of the network's files that hosts computed with, by name.
        seeds: by what is drawn from them; `run`: noise, search, blocks, thresholds.
        order: the SHA-256 of the order in which windows were measured and requests served, when
            it finished; empty: it has not, or an older run.
        files: the SHA-256 of each file in the folder when the run finished; empty: it has not.
        seal: the SHA-256 of all this, when it finished; empty: likewise.
    """

    identity: str
    online: str = ""
    content: str = ""
    code: dict[str, str] = {}
    libraries: dict[str, str] = {}
    hosts: dict[str, str] = {}
    token: str = ""
    place: str = ""
    took_over: str = ""
    state: Literal["unfinished", "finished"] = "unfinished"
    started: str = ""
    process: int = 0
    git_revision: str | None = None
    configuration: dict[str, Any] = {}
    command: list[str] = []
    host_facts: dict[str, dict[str, Any]] = {}
    meters: dict[str, str] = {}
    artifacts: dict[str, str] = {}
    seeds: dict[str, int] = {}
    order: str = ""
    files: dict[str, str] = {}
    seal: str = ""


def read_record(folder: Path) -> RunRecord | None:
    """A folder's run.json; None if there is none, or it cannot be read."""
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=RunRecord)
    except (OSError, msgspec.MsgspecError):
        return None


def read_summary(folder: Path) -> dict[str, Any]:
    """The content of a folder's summary.json.

    Raises:
        DataError: it is not there, or cannot be read.
    """
    path = folder / SUMMARY
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def record_of(folder: Path) -> RunRecord | None:
    """The record of a run's folder, from its journal where run.json cannot be read; None: none."""
    return read_record(folder) or _record_lost(folder)


def place_of(folder: Path) -> str:
    """Where a run's folder is, as text that a record can hold, whatever bytes the path has."""
    return str(folder.resolve()).encode(errors="surrogateescape").decode(errors="replace")


def is_copy(folder: Path, record: RunRecord) -> bool:
    """Whether a folder is the copy of a run that is still where it was begun."""
    if not record.place or not record.token or record.place == place_of(folder):
        return False
    there = read_record(Path(record.place))
    return there is not None and there.token == record.token


def _record_lost(folder: Path) -> RunRecord | None:
    """What a folder's journal says in place of a run.json that cannot be read."""
    begun = first_record(folder / JOURNAL)
    if begun is None:
        return None
    state: Literal["unfinished", "finished"] = (
        "finished" if (folder / SUMMARY).is_file() else "unfinished"
    )
    return RunRecord(identity=begun.identity, state=state)


def records_in(place: Path) -> Iterator[tuple[Path, RunRecord]]:
    """The runs in the folder of an experiment whose records can be read, newest first."""
    for path in sorted(place.glob("*/"), reverse=True):
        record = record_of(path)
        if record is not None:
            yield path, record


def runs_of_contents(place: Path, contents: Collection[str]) -> dict[str, tuple[Path, RunRecord]]:
    """The run of each of these contents: the newest finished one, else the newest.

    Args:
        place: the folder of the experiment's runs.
        contents: as their records have them.
    """
    found: dict[str, tuple[Path, RunRecord]] = {}
    for path, record in records_in(place):
        if record.content and record.content in contents:
            known = found.get(record.content)
            is_better = known is None or known[1].state != "finished" == record.state
            if is_better:
                found[record.content] = path, record
    return found
