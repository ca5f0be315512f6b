"""What a run has in MLflow, of a store that is a file: its artifacts lie beside that."""

import json
from pathlib import Path
from typing import Any

from dynasplit.recorder import artifacts_folder, file_of


def artifacts_of(store: str, run: Any) -> Path:
    """The folder of a run's artifacts."""
    place = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    return artifacts_folder(file_of(store)) / place


def table_of(store: str, run: Any, name: str) -> dict[str, Any]:
    """A table that was logged: `columns`, and `data` row by row."""
    return json.loads((artifacts_of(store, run) / f"{name}.json").read_text())
