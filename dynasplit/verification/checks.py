"""Checks a run's folder against its journal and the hashes in its run.json, without any host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.core.errors import DynaSplitError, ResultsError
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import JOURNAL, Records, mark_of
from dynasplit.run.run_record import (
    FRONT,
    RECORD,
    REQUESTS,
    RUNS,
    SUMMARY,
    RunRecord,
    read_record,
    read_summary,
)
from dynasplit.run.sealed import hashes_of, is_sealed, seal_of
from dynasplit.tables import RequestsTable, RunsTable, read_requests, read_runs
from dynasplit.verification import tables
from dynasplit.verification.findings import Finding
from dynasplit.verification.provenance import provenance_differs

_SEARCHED = (JOURNAL, FRONT, REQUESTS, SUMMARY)
_TWO_PHASE = "two_phase"


@dataclass(frozen=True)
class _Folder:
    """A run's folder, each file of which is read once."""

    path: Path
    record: RunRecord

    @cached_property
    def journal(self) -> Records:
        return read_journal(self.path / JOURNAL)

    @cached_property
    def runs(self) -> RunsTable:
        return read_runs(self.path / RUNS)

    @cached_property
    def requests(self) -> RequestsTable:
        return read_requests(self.path / REQUESTS)

    @cached_property
    def summary(self) -> dict[str, Any]:
        return read_summary(self.path)

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()


def verified(folder: Path) -> list[Finding]:
    """What is not as it should be in a run's folder; nothing where all is.

    Raises:
        ResultsError: it is no run's folder.
    """
    record = read_record(folder)
    if record is None and not (folder / JOURNAL).is_file():
        raise ResultsError(f"{folder}: found no {RECORD}; allowed: the folder of a run")
    if record is None:
        return [Finding("complete", RECORD, "is not there, or cannot be read")]
    opened = _Folder(folder, record)
    return [*_complete(opened), *_untouched(opened), *_consistent(opened)]


def _complete(folder: _Folder) -> Iterator[Finding]:
    record = folder.record
    if record.state != "finished":
        yield Finding("complete", RECORD, "the run has not finished; the same command goes on")
    if record.configuration.get("plan", _TWO_PHASE) != _TWO_PHASE:
        return
    wanted = _SEARCHED if record.configuration.get("front") else (*_SEARCHED, RUNS)
    for name in wanted:
        if not folder.has(name) and (record.state == "finished" or name == JOURNAL):
            yield Finding("complete", name, "is not there")


def _untouched(folder: _Folder) -> Iterator[Finding]:
    kept = folder.record.files
    if not kept:
        if folder.record.state == "finished":
            words = "keeps no hashes, as of a run of an older version: nobody can tell"
            yield Finding("untouched", RECORD, words, is_serious=False)
        return
    plain = msgspec.json.decode((folder.path / RECORD).read_bytes())
    if seal_of(plain) != folder.record.seal:
        yield Finding("untouched", RECORD, "its content is not what its seal was made of")
    there = hashes_of(folder.path)
    for name, before in kept.items():
        if not is_sealed(name):  # as older versions did
            continue
        if name not in there:
            yield Finding("untouched", name, "was there when the run finished, and is not now")
        elif there[name] != before:
            yield Finding("untouched", name, "is not as it was when the run finished")
    for name in there.keys() - kept.keys():
        yield Finding("untouched", name, "was not there when the run finished", is_serious=False)


def _consistent(folder: _Folder) -> Iterator[Finding]:
    """What files say differently; one that cannot be read is told once."""
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        JOURNAL: lambda: _journal(folder),
        RECORD: lambda: provenance_differs(folder.path, folder.record, folder.journal),
        RUNS: lambda: tables.runs_differ(RUNS, folder.runs, folder.journal),
        REQUESTS: lambda: tables.requests_differ(
            REQUESTS, folder.requests, folder.journal, folder.record.online
        ),
        FRONT: lambda: tables.front_differs(
            folder.path / FRONT, folder.runs if folder.has(RUNS) else None
        ),
        SUMMARY: lambda: tables.summary_differs(
            SUMMARY, folder.summary, folder.requests, is_older=not folder.record.files
        ),
    }
    told: set[str] = set()
    for name, check in checks.items():
        if not folder.has(name):
            continue
        try:
            yield from check()
        except FileNotFoundError:
            continue  # told as missing
        except DynaSplitError as error:
            words = str(error)
            if words not in told and "no such file" not in words:
                told.add(words)
                yield Finding("complete", name, words)
            words = "was not compared: a table that it needs cannot be read"
            yield Finding("consistent", name, words, is_serious=False)


def _journal(folder: _Folder) -> Iterator[Finding]:
    records = folder.journal
    if records.damage is not None:
        yield Finding("complete", JOURNAL, records.damage)
    begun = records.begun
    if begun is not None and mark_of(begun.identity) != mark_of(folder.record.identity):
        yield Finding("consistent", JOURNAL, "is of another run than run.json says")
