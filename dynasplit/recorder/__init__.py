"""Records runs in MLflow; the only place that knows it.

Everything that a run finds is in its folder first, and MLflow gets a copy: live figures between
windows, the rest when a phase has ended, so nothing within a measured window. What MLflow does
not take waits in the run's outbox (`outbox`): the run goes on, and it is sent when MLflow answers
again, or by `+experiment=sync_tracking` (`sync`).
"""

from __future__ import annotations

import importlib
from threading import Thread

from dynasplit.core.errors import ConfigurationError
from dynasplit.recorder.base import Recorder, RunFacts
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.recorder.mlflow_store import (
    SQLITE,
    absolute_uri,
    artifacts_folder,
    file_of,
    sqlite_uri,
)
from dynasplit.recorder.outbox import OUTBOX, outboxes_below
from dynasplit.recorder.sync import Synced, sync
from dynasplit.run.journal import Journal

__all__ = [
    "OUTBOX",
    "SQLITE",
    "MlflowRecorder",
    "Recorder",
    "RunFacts",
    "Synced",
    "absolute_uri",
    "artifacts_folder",
    "file_of",
    "import_early",
    "open_recorder",
    "outboxes_below",
    "sqlite_uri",
    "sync",
]
KINDS = ("mlflow", "server", "none")


def import_early(kind: str) -> None:
    """Begin to import, beside other work, what a recorder of this kind will need (seconds)."""
    if kind != "none":
        Thread(target=importlib.import_module, args=("mlflow.tracking",), daemon=True).start()


def open_recorder(kind: str, *, uri: str, facts: RunFacts, journal: Journal) -> Recorder:
    """A recorder by its kind; enter it to begin.

    Args:
        kind: `mlflow`, `server` (likewise, with a URI that somebody has to say), or `none`, which
            records nothing.
        uri: of the tracking store; a relative `sqlite:///` path follows the current folder.
        facts: about the run.
        journal: whose measurements are recorded.

    Raises:
        ConfigurationError: there is no such kind.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"tracking {kind!r}; allowed: {', '.join(KINDS)}")
    if kind == "none":
        return Recorder()
    return MlflowRecorder(absolute_uri(uri), facts, journal)
