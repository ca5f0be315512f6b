"""Sends what runs have kept for MLflow while it was away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dynasplit.core.errors import ResultsError
from dynasplit.recorder.mlflow_delivery import Delivery, words_of
from dynasplit.recorder.mlflow_store import SQLITE, absolute_uri, file_of, sqlite_uri
from dynasplit.recorder.outbox import OUTBOX, RECORDS, Outbox

_MASK = "***"


@dataclass(frozen=True)
class Synced:
    """What became of a run's records.

    Attributes:
        folder: the run's.
        sent: how many were sent. left: how many still wait.
        uri: of the store. place: of the run, below the address of MLflow's pages.
        trouble: why some wait; empty: none does.
    """

    folder: Path
    sent: int
    left: int
    uri: str
    place: str
    trouble: str = ""


def sync(folder: Path, uri: str | None = None) -> Synced:
    """Send what waits in a run's folder, once and only once.

    Args:
        folder: the run's.
        uri: of the store; None: the one that it was meant for.

    Raises:
        ResultsError: the run is going on, or its records cannot be read.
    """
    if not (folder / OUTBOX / RECORDS).is_file():
        return Synced(folder, 0, 0, uri or "", "")
    try:
        with Outbox(folder) as outbox:
            meant = outbox.begun.store if outbox.begun is not None else ""
            store = absolute_uri(uri) if uri else _store_of(folder, meant)
            delivery, before = Delivery(store, outbox), len(outbox)
            try:
                delivery.send_all()
            except Exception as error:  # whatever a tracking store, local or remote, may raise
                sent, left = max(0, before - len(outbox)), len(outbox)
                return Synced(folder, sent, left, store, delivery.place, words_of(error))
            return Synced(folder, before, 0, store, delivery.place)
    except OSError as error:
        raise ResultsError(f"{folder / OUTBOX} cannot be used: {error}") from error


def _store_of(folder: Path, meant: str) -> str:
    """The store that a run's records were meant for, which may have been moved with the run.

    Raises:
        ResultsError: its URI had a password, which is kept nowhere.
    """
    if _MASK in meant or not meant:
        raise ResultsError(
            f"{folder}: its records were meant for {meant or 'a store that is not known'}; a "
            "password is kept nowhere: say MLFLOW_TRACKING_URI=URI, or tracking.uri=URI, again"
        )
    if meant.startswith(SQLITE):
        beside = folder.absolute().parents[1] / file_of(meant).name
        if beside.is_file():
            return sqlite_uri(beside)
    return meant
