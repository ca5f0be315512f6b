"""Hashes of a finished run's files, kept in its run.json, which itself bears a seal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest

RECORD = "run.json"
SEAL = "seal"
_DRAFT = "."
_SENT_LATER = ("mlflow_outbox", "mlflow_run_id")


def is_sealed(name: str) -> bool:
    """False for a file, by its path in the folder, that a finished run may still change.

    Those are drafts, whose names begin with a dot, run.json itself, which bears a seal of
    its own, and what MLflow is told, which may be sent later.
    """
    path = Path(name)
    return not (path.parts[0] in _SENT_LATER or path.name == RECORD or path.name.startswith(_DRAFT))


def hashes_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of each sealed file of a run, by its path in the folder.

    Raises:
        OSError: one cannot be read.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and is_sealed(name):
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def seal_of(record: Mapping[str, Any]) -> str:
    """The SHA-256 of a record's content, however it is written; its seal is no part of it."""
    plain = {name: value for name, value in record.items() if name != SEAL}
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def order_of(measured: Iterable[Measurement], served: Iterable[ServedRequest]) -> str:
    """The SHA-256 of an order of windows and of requests, without their figures."""
    digest = hashlib.sha256()
    for window in measured:
        digest.update(f"{window.configuration} repeat={window.repeat}\n".encode())
    for row in served:
        where = row.measurement.configuration
        digest.update(f"request={row.request} policy={row.policy} {where}\n".encode())
    return digest.hexdigest()
