"""Records runs in MLflow; the only place that knows it.

Everything that a run finds is in its folder first, and MLflow gets a copy: live figures between
windows, the rest when a phase has ended, so nothing within a measured window. If MLflow fails, the
run goes on without it; the same run started again records what is missing.
"""

from __future__ import annotations

import importlib
from threading import Thread

from dynasplit.core.errors import ConfigurationError
from dynasplit.recorder.base import Recorder, RunFacts
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.recorder.mlflow_store import absolute_uri, sqlite_uri
from dynasplit.run.journal import Journal

__all__ = [
    "MlflowRecorder",
    "Recorder",
    "RunFacts",
    "absolute_uri",
    "import_early",
    "open_recorder",
    "sqlite_uri",
]


def import_early(kind: str) -> None:
    """Begin to import, beside other work, what a recorder of this kind will need (seconds)."""
    if kind == "mlflow":
        Thread(target=importlib.import_module, args=("mlflow.tracking",), daemon=True).start()


def open_recorder(kind: str, *, uri: str, facts: RunFacts, journal: Journal) -> Recorder:
    """A recorder by its kind; enter it to begin.

    Args:
        kind: `mlflow`, or `none`, which records nothing.
        uri: of the tracking store; a relative `sqlite:///` path follows the current folder.
        facts: about the run.
        journal: whose measurements are recorded.

    Raises:
        ConfigurationError: there is no such kind.
    """
    if kind == "none":
        return Recorder()
    if kind == "mlflow":
        return MlflowRecorder(absolute_uri(uri), facts, journal)
    raise ConfigurationError(f"tracking {kind!r}; allowed: mlflow, none")
