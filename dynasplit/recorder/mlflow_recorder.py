"""The recorder that writes to MLflow."""

from __future__ import annotations

import getpass
import json
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dynasplit.core.events import Event, Finished, Measured
from dynasplit.core.passwords import masked, masked_uri
from dynasplit.core.space import Configuration
from dynasplit.recorder.base import Recorder, RunFacts
from dynasplit.recorder.live import LiveFigures
from dynasplit.recorder.mlflow_store import SQLITE, connected, file_of
from dynasplit.recorder.points import (
    Point,
    Row,
    as_table,
    flattened,
    of_summary,
    rows_of_configurations,
    rows_of_policies,
)
from dynasplit.run.journal import Journal
from hosts.core.errors import printable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_LOG = logging.getLogger(__name__)
_METRICS_AT_ONCE, _WORDS_AT_ONCE, _LONGEST_PARAM = 800, 100, 6000  # within what MLflow allows
_COMMIT, _USER, _NOTE = "mlflow.source.git.commit", "mlflow.user", "mlflow.note.content"
_TABLES = "mlflow.loggedArtifacts"
_KIND, _IDENTITY = "dynasplit.kind", "dynasplit.identity"
_TOKEN = "dynasplit.token"
_SOURCE = {"mlflow.source.name": "run_experiment.py", "mlflow.source.type": "LOCAL"}
_DIGEST = 8

T = TypeVar("T")


class MlflowRecorder(Recorder):
    """One MLflow run for each run: figures as metrics, policies and configurations as tables.

    The MLflow run's id is kept in the run's folder, so that a run which is continued there
    continues its MLflow run too.
    """

    keeps = True

    def __init__(self, uri: str, facts: RunFacts, journal: Journal) -> None:
        """Nothing is begun yet.

        Args:
            uri: of the tracking store, absolute.
            facts: about the run.
            journal: whose measurements are recorded.
        """
        self._uri, self._facts, self._journal = uri, facts, journal
        self._client: MlflowClient
        self._experiment_id = self._run_id = ""
        self._live = LiveFigures()
        self._tables: dict[str, dict[str, str]] = {}
        self._front: Collection[Configuration] | None = None

    def __enter__(self) -> Self:
        """Begin the MLflow run, or continue it."""
        self._guarded(self._begin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it; of a run that did not end well, what it has measured is recorded."""
        status = "FINISHED"
        if kind is not None:
            status = "FAILED" if issubclass(kind, Exception) else "KILLED"
            self.configurations(self._front)
        self._guarded(lambda: self._client.set_terminated(self._run_id, status))

    def __call__(self, event: Event) -> None:
        """Follow the search: a step of live figures for each measurement, a batch a second."""
        if isinstance(event, Measured):
            self._live.add(event.measurement, len(self._journal.measurements()))
        if isinstance(event, Finished) or self._live.is_due():
            self._guarded(self._log_live)

    def summary(self, figures: Mapping[str, Any]) -> None:
        """Numbers become metrics of the run, words its tags, the policies a table."""
        numbers, words = of_summary(figures)

        def record() -> None:
            self._log(self._run_id, numbers, tags=words)
            self._table("policies", rows_of_policies(figures.get("policies", {})))

        self._guarded(record)

    def configurations(self, front: Collection[Configuration] | None) -> None:
        """The measured configurations as one table."""
        self._front = front
        self._guarded(
            lambda: self._table(
                "configurations", rows_of_configurations(self._journal.measurements(), front)
            )
        )

    def describe(self, markdown: str) -> None:
        """What stands above the run."""

        def note() -> None:
            self._client.set_tag(self._run_id, _NOTE, markdown)

        self._guarded(note)

    @property
    def place(self) -> str:
        """Where the run is, below the address of MLflow's pages."""
        return f"#/experiments/{self._experiment_id}/runs/{self._run_id}"

    def artifacts(self, *paths: Path) -> None:
        """Copy files, and folders under their names."""

        def copy() -> None:
            for path in paths:
                if path.is_dir():
                    self._client.log_artifacts(self._run_id, str(path), path.name)
                else:
                    self._client.log_artifact(self._run_id, str(path))

        self._guarded(copy)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do it, unless MLflow has failed before; that must not end the run."""
        if self.trouble is not None:
            return
        try:
            action()
        except Exception as error:  # whatever a tracking store, local or remote, may raise
            why = masked(printable((str(error).splitlines() or [""])[0]))
            self.trouble = f"{type(error).__name__}: {why}"
            _LOG.warning(
                "MLflow at %s failed (%s). The run goes on without it; its files are kept in %s, "
                "and the same run started again records them.",
                masked_uri(self._uri),
                self.trouble,
                self._facts.folder,
            )

    def _begin(self) -> None:
        self._client = connected(self._uri)
        self._experiment_id = self._experiment()
        self._run_id = self._continued() or self._new()
        there = self._client.get_run(self._run_id).data.params  # which cannot be changed
        params = {
            name: str(value)
            for name, value in flattened(self._facts.config, ".")
            if name not in there and value not in (None, [], "")
        }
        self._log(self._run_id, [], params=params, tags=self._facts.tags)
        self._client.log_dict(self._run_id, dict(self._facts.config), "config.yaml")

    def _experiment(self) -> str:
        name = self._facts.experiment
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = None
        if self._uri.startswith(SQLITE):
            folder = file_of(self._uri).parent / "mlflow_artifacts"
            place = (folder / name.replace("/", "_")).as_uri()
        return str(self._client.create_experiment(name, artifact_location=place))

    def _continued(self) -> str | None:
        """The run that the folder's note names, if the store has it and it is no copied run's."""
        from mlflow.exceptions import MlflowException

        note = self._facts.folder / "mlflow_run_id"
        if not note.is_file():
            return None
        run_id = note.read_text().strip()
        own = self._facts.token
        try:
            if self._client.get_run(run_id).data.tags.get(_TOKEN, own) != own:
                return None
            self._client.update_run(run_id, status="RUNNING")
        except MlflowException:
            return None
        return run_id

    def _new(self) -> str:
        facts = self._facts
        tags = {_IDENTITY: facts.identity, _TOKEN: facts.token, _KIND: "run"}
        tags |= {**_SOURCE, _USER: _user()}
        if facts.git_revision is not None:
            tags[_COMMIT] = facts.git_revision
        run = self._client.create_run(self._experiment_id, run_name=facts.name, tags=tags)
        (facts.folder / "mlflow_run_id").write_text(f"{run.info.run_id}\n")
        self._inputs(run.info.run_id)
        return str(run.info.run_id)

    def _inputs(self, run_id: str) -> None:
        """The data set, as what the run begins with."""
        from mlflow.entities import Dataset, DatasetInput

        if self._facts.dataset:
            digest = self._facts.identity[:_DIGEST]
            about = json.dumps({"name": self._facts.dataset})
            dataset = Dataset(self._facts.dataset, digest, "local", about)
            self._client.log_inputs(run_id, [DatasetInput(dataset)])

    def _log_live(self) -> None:
        points = self._live.taken()
        if points:
            found = self._facts.progress(self._journal.measurements())
            points += [(f"live.{name}", value, points[-1][2]) for name, value in found.items()]
            self._log(self._run_id, points)

    def _table(self, name: str, rows: Sequence[Row]) -> None:
        """A table, written anew if it is there, and named as one so that MLflow shows it."""
        if not rows:
            return
        file = f"{name}.json"
        self._client.log_dict(self._run_id, as_table(rows), file)
        self._tables[file] = {"path": file, "type": "table"}
        self._client.set_tag(self._run_id, _TABLES, json.dumps(list(self._tables.values())))

    def _log(
        self,
        run_id: str,
        points: Iterable[Point],
        *,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write in as few batches as MLflow allows."""
        from mlflow.entities import Metric, Param, RunTag

        now_ms = int(time.time() * 1000)
        metrics = [Metric(name, value, now_ms, step) for name, value, step in points]
        given = [Param(k, v[:_LONGEST_PARAM]) for k, v in (params or {}).items()]
        labels = [RunTag(k, v) for k, v in (tags or {}).items()]
        batches = zip_longest(
            _parts(metrics, _METRICS_AT_ONCE),
            _parts(given, _WORDS_AT_ONCE),
            _parts(labels, _WORDS_AT_ONCE),
        )
        for some_metrics, some_params, some_tags in batches:
            self._client.log_batch(
                run_id, some_metrics or [], some_params or [], some_tags or [], synchronous=True
            )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "unknown"


def _parts(things: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(things), size):
        yield list(things[start : start + size])
