"""Tells MLflow the records of a run, so that telling it again changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dynasplit.core.passwords import masked
from dynasplit.recorder.mlflow_store import SQLITE, artifacts_folder, connected, file_of
from dynasplit.recorder.outbox import Begun, Copied, Ended, Noted, Outbox, Record
from hosts.core.errors import printable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_METRICS_AT_ONCE, _WORDS_AT_ONCE = 800, 100  # within what MLflow allows
_LONGEST_PARAM, _LONGEST_TAG = 6000, 8000
_REFUSED = (401, 403)
_TOKEN, _KIND = "dynasplit.token", "dynasplit.kind"
_PROXIED = "mlflow-artifacts:"
_OPENS_ON_RUNS = {"mlflow.experimentKind": "custom_model_development"}
_AS_RUNS = "?workflowType=machine_learning"
"""Without these MLflow's page of an experiment asks what kind it is, or opens on traces and
tokens; a browser in which somebody has chosen "Model training" opens on runs anyway."""
DESCRIPTION = "mlflow.note.content"
NOTE = "mlflow_run_id"
"""The file in a run's folder with the id of its run in MLflow."""

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([\w.-]+)\)")
_SILENT = re.compile(r"API request to .*(?:\[Errno -?\d+\] ([^)\"']+)|(timed out))")

T = TypeVar("T")


class Delivery:
    """Sends a run's records, in their order, to a store.

    Attributes:
        experiment_id: in the store; empty: nothing was sent yet. run_id: likewise.
    """

    def __init__(self, uri: str, outbox: Outbox) -> None:
        """Nothing is sent yet.

        Args:
            uri: of the store, absolute.
            outbox: what is to be sent; it is held.
        """
        self._uri, self._outbox = uri, outbox
        self._client: MlflowClient | None = None
        self.experiment_id = self.run_id = ""

    @property
    def place(self) -> str:
        """Where the run is, below the address of MLflow's pages; empty: not known."""
        if not self.run_id:
            return ""
        return f"#/experiments/{self.experiment_id}/runs/{self.run_id}{_AS_RUNS}"

    def send_all(self) -> None:
        """Send what waits, and cross it off.

        Raises:
            Exception: whatever a store, local or remote, may raise; the rest waits on.
        """
        if not len(self._outbox):
            return
        if self._client is None:
            self._client = connected(self._uri)
        if not self.run_id:
            self._find()
        while len(self._outbox):
            self._send(self._client, self._outbox.first)
            self._outbox.cross_off()

    def _find(self) -> None:
        """Find the run that an earlier start has begun; if it is gone, all is sent anew."""
        begun = self._outbox.begun
        if begun is None:
            return
        assert self._client is not None
        found = self._client.get_experiment_by_name(begun.experiment)
        if found is not None:
            self.experiment_id = str(found.experiment_id)
            self.run_id = self._known(self._client, begun) or ""
        if not self.run_id:
            self._outbox.start_over()

    def _send(self, client: MlflowClient, record: Record) -> None:
        match record:
            case Begun():
                self._begin(client, record)
            case Noted():
                self._log(client, record.metrics, {}, record.tags)
            case Copied():
                self._copy(client, self._outbox.folder / record.path)
            case Ended():
                client.set_terminated(self.run_id, record.status, record.time_ms)

    def _begin(self, client: MlflowClient, begun: Begun) -> None:
        """Begin the MLflow run, or continue it."""
        self.experiment_id = self._experiment(client, begun.experiment)
        known = self._known(client, begun)
        if known is None:
            run = client.create_run(
                self.experiment_id,
                start_time=begun.time_ms,
                run_name=begun.name,
                tags={_TOKEN: begun.token, _KIND: "run"},
            )
            known = str(run.info.run_id)
        else:
            client.update_run(known, status="RUNNING", name=begun.name)
        self.run_id = known
        (self._outbox.folder / NOTE).write_text(f"{known}\n")
        there = client.get_run(known).data.params  # which cannot be changed
        params = {k: v[:_LONGEST_PARAM] for k, v in begun.params.items() if k not in there}
        self._log(client, (), params, begun.tags)
        self._inputs(client, begun)

    def _experiment(self, client: MlflowClient, name: str) -> str:
        """Its id; of a store in a file, artifacts lie beside it wherever it is copied to."""
        from mlflow.exceptions import MlflowException

        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = f"{_PROXIED}/{name.replace('/', '_')}" if self._uri.startswith(SQLITE) else None
        try:
            made = client.create_experiment(name, artifact_location=place, tags=_OPENS_ON_RUNS)
        except MlflowException:  # another controller may have made it just now
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
            made = found.experiment_id
        return str(made)

    def _known(self, client: MlflowClient, begun: Begun) -> str | None:
        """The run that the folder's note names, or that bears the token; None: there is none."""
        from mlflow.exceptions import MlflowException

        note = self._outbox.folder / NOTE
        if note.is_file():
            run_id = note.read_text().strip()
            try:
                found = client.get_run(run_id)
            except MlflowException as error:
                if not _is_absent(error):
                    raise
            else:
                own = found.data.tags.get(_TOKEN, begun.token) == begun.token
                if own and found.info.lifecycle_stage == "active":
                    return run_id
        if not begun.token:
            return None
        word = f"tags.`{_TOKEN}` = '{begun.token}'"
        runs = client.search_runs([self.experiment_id], word, max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _inputs(self, client: MlflowClient, begun: Begun) -> None:
        """What the run begins with: images, a table of runs."""
        from mlflow.entities import Dataset, DatasetInput

        if begun.datasets:
            given = [
                DatasetInput(Dataset(name, digest, "local", json.dumps({"name": source})))
                for name, digest, source in begun.datasets
            ]
            client.log_inputs(self.run_id, given)

    def _copy(self, client: MlflowClient, path: Path) -> None:
        """A file, or a folder under its name; what is there no longer is left out."""
        if not path.exists():
            return
        under = path.name if path.is_dir() else None
        root = str(client.get_run(self.run_id).info.artifact_uri)
        if root.startswith(_PROXIED) and self._uri.startswith(SQLITE):
            from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

            place = root.removeprefix(_PROXIED).lstrip("/")
            store: Any = LocalArtifactRepository(
                (artifacts_folder(file_of(self._uri)) / place).as_uri()
            )
            if path.is_dir():
                store.log_artifacts(str(path), under)
            else:
                store.log_artifact(str(path))
        elif path.is_dir():
            client.log_artifacts(self.run_id, str(path), under)
        else:
            client.log_artifact(self.run_id, str(path))

    def _linked(self, name: str, words: str) -> str:
        """A description whose pictures are the run's own artifacts, with a link to all runs."""
        if name != DESCRIPTION:
            return words
        there = rf"![\1](get-artifact?path=\2&run_uuid={self.run_id})"
        every = f"[All runs](#/experiments/{self.experiment_id}/runs{_AS_RUNS}) of the experiment."
        return f"{_PICTURE.sub(there, words)}\n\n{every}"

    def _log(
        self,
        client: MlflowClient,
        points: Iterable[tuple[str, float, int, int]],
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """Write in as few batches as MLflow allows."""
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(name, value, time_ms, step) for name, value, time_ms, step in points]
        given = [Param(k, v) for k, v in params.items()]
        labels = [RunTag(k, self._linked(k, v)[:_LONGEST_TAG]) for k, v in tags.items()]
        batches = zip_longest(
            _parts(metrics, _METRICS_AT_ONCE),
            _parts(given, _WORDS_AT_ONCE),
            _parts(labels, _WORDS_AT_ONCE),
        )
        for some_metrics, some_params, some_tags in batches:
            client.log_batch(
                self.run_id,
                some_metrics or [],
                some_params or [],
                some_tags or [],
                synchronous=True,
            )


def is_refusal(error: Exception) -> bool:
    """True if a server does not let this user in."""
    code = getattr(error, "get_http_status_code", None)
    return code is not None and code() in _REFUSED


def words_of(error: Exception) -> str:
    """Why a store did not take something, in a line and without a password."""
    why = masked(printable((str(error).splitlines() or [""])[0]))
    if is_refusal(error):
        return (
            "the login was refused; MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
            "MLFLOW_TRACKING_TOKEN, in the environment log in"
        )
    silent = _SILENT.search(why)
    if silent is not None:
        return f"it does not answer: {silent[1] or silent[2]}"
    return f"{type(error).__name__}: {why}"


def _is_absent(error: Exception) -> bool:
    return getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST"


def _parts(things: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(things), size):
        yield list(things[start : start + size])
