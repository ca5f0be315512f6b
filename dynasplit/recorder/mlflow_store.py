"""The tracking store of MLflow: its address, and a connection to it."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

SQLITE = "sqlite:///"


def absolute_uri(uri: str) -> str:
    """A `sqlite:///` URI with an absolute path, so that it means the same everywhere."""
    if not uri.startswith(SQLITE):
        return uri
    options = uri.partition("?")[2]
    return sqlite_uri(file_of(uri).absolute()) + (f"?{options}" if options else "")


def sqlite_uri(path: Path) -> str:
    """The URI of a database file, in whose path % and ? have a meaning of their own."""
    return SQLITE + str(path).replace("%", "%25").replace("?", "%3F")


def file_of(uri: str) -> Path:
    """The database file of a `sqlite:///` URI."""
    return Path(unquote(uri.removeprefix(SQLITE).partition("?")[0]))


def artifacts_folder(database: Path) -> Path:
    """Where the artifacts of a database file's runs lie: beside it, wherever it is copied to."""
    return database.parent / "mlflow_artifacts"


def connected(uri: str) -> MlflowClient:
    """A client of the store."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # we say it ourselves
    # A server that does not answer must not hold up the run for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    from mlflow.tracking import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # whatever it says is raised too
    if uri.startswith(SQLITE):
        file_of(uri).parent.mkdir(parents=True, exist_ok=True)
        if file_of(uri).is_dir():  # MLflow would try it again for half a minute
            raise IsADirectoryError(f"{file_of(uri)} is a folder, no database")
    client = MlflowClient(uri)
    if uri.startswith(SQLITE):
        _clear_undecoded(uri)
    return client


def _clear_undecoded(uri: str) -> None:
    """Remove the empty folders that MLflow makes from a URI's path as it is written there."""
    written = Path(uri.removeprefix(SQLITE)).parent
    if written != file_of(uri).parent:
        with contextlib.suppress(OSError):
            os.removedirs(written)
