"""The recorder that writes to MLflow."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import unquote

from dynasplit.core.events import Event, Finished
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.passwords import masked, masked_uri
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.recorder.base import Recorder, RunFacts
from dynasplit.recorder.points import Point, flattened, of_configuration, of_requests, of_summary
from dynasplit.run.journal import Journal
from hosts.core.errors import printable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_LOG = logging.getLogger(__name__)
_METRICS_AT_ONCE, _WORDS_AT_ONCE, _LONGEST_PARAM = 800, 100, 6000  # within what MLflow allows
_PARENT, _COMMIT = "mlflow.parentRunId", "mlflow.source.git.commit"
_KIND, _RUNS, _IDENTITY = "dynasplit.kind", "dynasplit.runs", "dynasplit.identity"
_TOKEN = "dynasplit.token"
_SQLITE = "sqlite:///"

T = TypeVar("T")


class MlflowRecorder(Recorder):
    """One MLflow run for each run identity, nested ones for configurations and policies.

    The MLflow run's id is kept in the run's folder, so that a run which is continued there
    continues its MLflow run too.
    """

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
            self._guarded(self._configurations)
        self._guarded(lambda: self._client.set_terminated(self._run_id, status))

    def __call__(self, event: Event) -> None:
        """Record the configurations once the offline phase has ended."""
        if isinstance(event, Finished) and event.phase == "repeats":
            self._guarded(self._configurations)

    def summary(self, figures: Mapping[str, Any]) -> None:
        """Numbers become metrics of the run, words its tags."""
        numbers, words = of_summary(figures)
        self._guarded(lambda: self._log(self._run_id, numbers, tags=words))

    def policy(
        self, name: str, figures: Mapping[str, Any], served: Sequence[ServedRequest] = ()
    ) -> None:
        """A nested run, which is written anew if it is there."""
        numbers, words = of_summary(figures)

        def record() -> None:
            run_id, _ = self._nested("policy").get(name) or (self._create(name, "policy"), 0)
            self._log(run_id, [*numbers, *of_requests(served)], tags=words)
            self._client.set_terminated(run_id)

        self._guarded(record)

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
        self._client = _connected(self._uri)
        self._experiment_id = self._experiment()
        self._run_id = self._continued() or self._new()
        there = self._client.get_run(self._run_id).data.params  # which cannot be changed
        params = {k: str(v) for k, v in flattened(self._facts.config, ".") if k not in there}
        self._log(self._run_id, [], params=params)
        self._client.log_dict(self._run_id, dict(self._facts.config), "config.yaml")

    def _experiment(self) -> str:
        name = self._facts.experiment
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = None
        if self._uri.startswith(_SQLITE):
            folder = _file_of(self._uri).parent / "mlflow_artifacts"
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
        tags = {_IDENTITY: facts.identity, _TOKEN: facts.token, _KIND: "run", **facts.tags}
        if facts.git_revision is not None:
            tags[_COMMIT] = facts.git_revision
        run = self._client.create_run(self._experiment_id, run_name=facts.name, tags=tags)
        (facts.folder / "mlflow_run_id").write_text(f"{run.info.run_id}\n")
        return str(run.info.run_id)

    def _configurations(self) -> None:
        """A nested run for each measured configuration; what is there already is left."""
        runs: dict[Configuration, list[Measurement]] = {}
        for measurement in self._journal.measurements():
            runs.setdefault(measurement.configuration, []).append(measurement)
        there = self._nested("configuration")
        for configuration, measured in runs.items():
            name = str(configuration)
            run_id, recorded = there.get(name) or (self._create(name, "configuration"), 0)
            if recorded < len(measured):
                points = of_configuration(summarise(measured)[0], measured)
                params = {k: str(v) for k, v in configuration.as_dict().items()}
                tags = {
                    _RUNS: str(len(measured)),
                    "source": measured[0].source,
                    "configuration": configuration.words(),
                }
                self._log(run_id, points, params=params, tags=tags)
                self._client.set_terminated(run_id)

    def _nested(self, kind: str) -> dict[str, tuple[str, int]]:
        """The nested runs there are, by name: their id, and how many runs they recorded."""
        found: dict[str, tuple[str, int]] = {}
        token: str | None = None
        wanted = f"tags.`{_PARENT}` = '{self._run_id}' and tags.`{_KIND}` = '{kind}'"
        while True:
            page = self._client.search_runs([self._experiment_id], wanted, page_token=token)
            for run in page:
                count = int(run.data.tags.get(_RUNS, 0))
                found[str(run.info.run_name)] = str(run.info.run_id), count
            token = page.token
            if not token:
                return found

    def _create(self, name: str, kind: str) -> str:
        tags = {_PARENT: self._run_id, _KIND: kind}
        run = self._client.create_run(self._experiment_id, run_name=name, tags=tags)
        return str(run.info.run_id)

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


def absolute_uri(uri: str) -> str:
    """A `sqlite:///` URI with an absolute path, so that it means the same everywhere."""
    if not uri.startswith(_SQLITE):
        return uri
    options = uri.partition("?")[2]
    return sqlite_uri(_file_of(uri).absolute()) + (f"?{options}" if options else "")


def sqlite_uri(path: Path) -> str:
    """The URI of a database file, in whose path % and ? have a meaning of their own."""
    return _SQLITE + str(path).replace("%", "%25").replace("?", "%3F")


def _file_of(uri: str) -> Path:
    """The database file of a `sqlite:///` URI."""
    return Path(unquote(uri.removeprefix(_SQLITE).partition("?")[0]))


def _connected(uri: str) -> MlflowClient:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # A server that does not answer must not hold up the run for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    from mlflow.tracking import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # whatever it says is raised too
    if uri.startswith(_SQLITE):
        _file_of(uri).parent.mkdir(parents=True, exist_ok=True)
        if _file_of(uri).is_dir():  # MLflow would try it again for half a minute
            raise IsADirectoryError(f"{_file_of(uri)} is a folder, no database")
    client = MlflowClient(uri)
    if uri.startswith(_SQLITE):
        _clear_undecoded(uri)
    return client


def _clear_undecoded(uri: str) -> None:
    """Remove the empty folders that MLflow makes from a URI's path as it is written there."""
    written = Path(uri.removeprefix(_SQLITE)).parent
    if written != _file_of(uri).parent:
        with contextlib.suppress(OSError):
            os.removedirs(written)


def _parts(things: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(things), size):
        yield list(things[start : start + size])
