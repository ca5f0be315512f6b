"""Whether run.json says all of how a run came about, and what its other files say of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.offline.blocks import FILE as ORDER
from dynasplit.run.records import JOURNAL, Records
from dynasplit.run.run_record import RECORD, RunRecord
from dynasplit.run.sealed import order_of
from dynasplit.verification.findings import Finding

_LENGTH = 64
_RUN = "run"
_FROM_HOSTS = ("measured", "estimated", "emulated")
"""The sources of figures that hosts gave, which then have said what they are."""


def provenance_differs(folder: Path, record: RunRecord, journal: Records) -> Iterator[Finding]:
    """What a finished run's record lacks, or says otherwise than another file.

    A record without an order is of an older version, which kept less.

    Args:
        folder: the run's.
        record: its.
        journal: its.
    """
    if record.state != "finished" or not record.order:
        return
    yield from _lacking(record, journal)
    served = [row for phase, row in journal.served if phase == record.online]
    if order_of(journal.measurements, served) != record.order:
        words = "does not have windows and requests in the order that run.json says"
        yield Finding("consistent", JOURNAL, words)
    if record.seeds.get(_RUN) != record.configuration.get("seed"):
        words = (
            f"its seeds say {record.seeds.get(_RUN)}, and its configuration "
            f"{record.configuration.get('seed')}"
        )
        yield Finding("consistent", RECORD, words)
    told = {role: facts.get("meter") for role, facts in record.host_facts.items()}
    if {role: words for role, words in told.items() if words} != record.meters:
        yield Finding("consistent", RECORD, "its meters are not those of its hosts")
    yield from _blocks(folder / ORDER, record.seeds.get(_RUN))


def _lacking(record: RunRecord, journal: Records) -> Iterator[Finding]:
    """What is not said of how figures came about."""
    windows = [*journal.measurements, *(row.measurement for _, row in journal.served)]
    from_hosts = any(one.source in _FROM_HOSTS for one in windows)
    wanted: dict[str, Any] = {"libraries": record.libraries, "code": record.code}
    if from_hosts:
        wanted |= {"host_facts": record.host_facts, "artifacts": record.artifacts}
    if from_hosts and any(one.energy_j is not None for one in windows):
        wanted["meters"] = record.meters
    for name, there in wanted.items():
        if not there:
            yield Finding("complete", RECORD, f"says nothing under {name}")
    for name, found in record.artifacts.items():
        if len(found) != _LENGTH or set(found) - set("0123456789abcdef"):
            yield Finding("complete", RECORD, f"its artifacts: {name} has no SHA-256: {found!r}")


def _blocks(path: Path, seed: int | None) -> Iterator[Finding]:
    """Blocks that were drawn from another seed."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found = msgspec.json.decode(line, type=dict[str, Any]).get("seed")
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield Finding("complete", path.name, f"line {number} cannot be read")
            continue
        if found != seed:
            words = f"line {number} is drawn from the seed {found}, and the run's is {seed}"
            yield Finding("consistent", path.name, words)
