"""The recorder that writes to MLflow."""

from __future__ import annotations

import getpass
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from dynasplit.core.errors import ResultsError
from dynasplit.core.events import Event, Finished, Measured
from dynasplit.core.passwords import masked, masked_uri
from dynasplit.core.space import Configuration
from dynasplit.recorder.base import Recorder, RunFacts
from dynasplit.recorder.live import EVERY_S, LiveFigures
from dynasplit.recorder.mlflow_delivery import DESCRIPTION, Delivery, is_refusal, words_of
from dynasplit.recorder.outbox import OUTBOX, Begun, Ended, Noted, Outbox
from dynasplit.recorder.points import (
    Point,
    Row,
    as_table,
    flattened,
    of_summary,
    rows_of_accountings,
    rows_of_configurations,
    rows_of_policies,
)
from dynasplit.recorder.system import SystemFigures
from dynasplit.run.journal import Journal

_LOG = logging.getLogger(__name__)
_COMMIT, _USER = "mlflow.source.git.commit", "mlflow.user"
_TABLES = "mlflow.loggedArtifacts"
_IDENTITY = "dynasplit.identity"
_SOURCE = {"mlflow.source.name": "run_experiment.py", "mlflow.source.type": "LOCAL"}
_DIGEST = 8
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 300.0
"""Between tries to reach a server that is away; each wait is twice the last."""


class MlflowRecorder(Recorder):
    """One MLflow run for each run: figures as metrics, policies and configurations as tables.

    All goes to the run's outbox first, and from there to MLflow. While MLflow does not take it, the
    run goes on, and it is tried again from time to time, when the run ends, and by
    `+experiment=sync_tracking`.
    """

    keeps = True

    def __init__(
        self,
        uri: str,
        facts: RunFacts,
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is begun yet.

        Args:
            uri: of the tracking store, absolute.
            facts: about the run.
            journal: whose measurements are recorded.
            clock: tells seconds.
        """
        self._uri, self._facts, self._journal, self._clock = uri, facts, journal, clock
        self._outbox = Outbox(facts.folder)
        self._delivery = Delivery(uri, self._outbox)
        self._live = LiveFigures(clock)
        self._system = SystemFigures() if facts.system_metrics else None
        self._tables: dict[str, dict[str, str]] = {}
        self._front: Collection[Configuration] | None = None
        self._wait_s, self._again_s = _FIRST_WAIT_S, 0.0
        self._is_refused = False
        self._turn = threading.RLock()
        self._later: threading.Timer | None = None

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
        if self._later is not None:
            self._later.cancel()
            self._later.join()
        status = "FINISHED"
        if kind is not None:
            status = "FAILED" if issubclass(kind, Exception) else "KILLED"
            self.configurations(self._front)
        self._again_s = 0.0
        self._guarded(lambda: self._outbox.append(Ended(status=status, time_ms=_now_ms())))
        self._outbox.__exit__(kind, error, traceback)

    def __call__(self, event: Event) -> None:
        """Follow the search: a step of live figures for each measurement, a batch a second."""
        with self._turn:
            if isinstance(event, Measured):
                number = len(self._journal.measurements())
                self._live.add(event.measurement, number, event.expected_gain)
            if isinstance(event, Finished) or self._live.is_due():
                self._guarded(self._keep_live)
            elif isinstance(event, Measured) and not (self._later and self._later.is_alive()):
                # what came too soon must not wait for the next one, which may take minutes
                self._later = threading.Timer(EVERY_S, lambda: self._guarded(self._keep_live))
                self._later.daemon = True
                self._later.start()

    def summary(self, figures: Mapping[str, Any]) -> None:
        """Numbers become metrics of the run, words its tags, the policies a table."""
        numbers, words = of_summary(figures)

        def keep() -> None:
            self._outbox.append(self._noted(numbers, words))
            self._table("policies", rows_of_policies(figures.get("policies", {})))
            self._table("accountings", rows_of_accountings(figures.get("by_accounting", {})))

        self._guarded(keep)

    def configurations(self, front: Collection[Configuration] | None) -> None:
        """The measured configurations as one table."""
        self._front = front
        self._guarded(
            lambda: self._table(
                "configurations", rows_of_configurations(self._journal.measurements(), front)
            )
        )

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A table of a name of its own."""
        self._guarded(lambda: self._table(name, list(map(dict, rows))))

    def curve(self, name: str, values: Sequence[float]) -> None:
        """A metric with a step for each value."""
        points = [(name, float(value), step) for step, value in enumerate(values, start=1)]
        self._guarded(lambda: self._outbox.append(self._noted(points)))

    def describe(self, markdown: str) -> None:
        """What stands above the run."""
        self._guarded(lambda: self._outbox.append(Noted(tags={DESCRIPTION: markdown})))

    @property
    def place(self) -> str:
        """Where the run is, below the address of MLflow's pages."""
        return self._delivery.place

    def artifacts(self, *paths: Path) -> None:
        """Copy files, and folders under their names."""

        def keep() -> None:
            for path in paths:
                self._outbox.copy(path)

        self._guarded(keep)

    def _guarded(self, keep: Callable[[], None]) -> None:
        """Keep it, and send what is kept; neither may end the run."""
        with self._turn:
            self._keep_and_send(keep)

    def _keep_and_send(self, keep: Callable[[], None]) -> None:
        if self.lost is not None:
            return
        try:
            keep()
        except (OSError, ResultsError) as error:
            self.lost = self.trouble = words_of(error)
            _LOG.warning(
                "What MLflow is to be told cannot be kept in %s (%s). The run goes on without it; "
                "the same run started again records what is missing.",
                self._facts.folder / OUTBOX,
                self.lost,
            )
            return
        self._deliver()

    def _deliver(self) -> None:
        """Send what is kept, unless that failed a moment ago."""
        if self._is_refused or self._clock() < self._again_s:
            return
        try:
            self._delivery.send_all()
        except Exception as error:  # whatever a tracking store, local or remote, may raise
            self._put_off(error)
            return
        if self.trouble is not None:
            _LOG.warning("MLflow answers again: what was kept meanwhile has been sent.")
        self.trouble, self._wait_s = None, _FIRST_WAIT_S

    def _put_off(self, error: Exception) -> None:
        """Say once that MLflow does not take it, and why; try again later."""
        self._is_refused = is_refusal(error)
        self._again_s = self._clock() + self._wait_s
        self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
        if self.trouble is None:
            _LOG.warning(
                "MLflow at %s failed (%s). The run goes on without it; what it records is kept in "
                "%s, and +experiment=sync_tracking runs=%s sends it.",
                masked_uri(self._uri),
                words_of(error),
                self._facts.folder / OUTBOX,
                self._facts.folder,
            )
        self.trouble = words_of(error)

    def _begin(self) -> None:
        facts = self._facts
        self._outbox.__enter__()
        tags = {**facts.tags, _IDENTITY: facts.identity, **_SOURCE, _USER: _user()}
        if facts.git_revision is not None:
            tags[_COMMIT] = facts.git_revision
        params = {
            name: str(value)
            for name, value in flattened(facts.config, ".")
            if value not in (None, [], "")
        }
        self._outbox.append(
            Begun(
                experiment=facts.experiment,
                name=facts.name,
                time_ms=_now_ms(),
                store=masked_uri(self._uri),
                token=facts.token,
                tags={name: masked(words) for name, words in tags.items()},
                params=params,
                datasets=_datasets(facts),
            )
        )
        told = yaml.safe_dump(dict(facts.config), allow_unicode=True, sort_keys=False)
        self._outbox.write("config.yaml", told.encode())

    def _keep_live(self) -> None:
        points = self._live.taken()
        if points:
            step = points[-1][2]
            found = dict(self._facts.progress(self._journal.measurements()))
            points += [(f"live.{name}", value, step) for name, value in found.items()]
            if self._system is not None:
                points += [(name, v, step) for name, v in self._system.now().items()]
            self._outbox.append(self._noted(points))

    def _table(self, name: str, rows: Sequence[Row]) -> None:
        """A table, written anew if it is there, and named as one so that MLflow shows it."""
        if not rows:
            return
        file = f"{name}.json"
        self._outbox.write(file, json.dumps(as_table(rows)).encode())
        self._tables[file] = {"path": file, "type": "table"}
        self._outbox.append(Noted(tags={_TABLES: json.dumps(list(self._tables.values()))}))

    def _noted(self, points: Sequence[Point], tags: Mapping[str, str] | None = None) -> Noted:
        now_ms = _now_ms()
        metrics = [(name, v, now_ms, step) for name, v, step in points if isfinite(v)]
        return Noted(metrics=metrics, tags=tags or {})


def _datasets(facts: RunFacts) -> list[tuple[str, str, str]]:
    """Images by their name, and files by their content: name, digest, source."""
    found = []
    if facts.dataset and facts.dataset_sha256:  # else no image was looked at
        found.append((facts.dataset, facts.dataset_sha256[:_DIGEST], facts.dataset))
    for path in facts.files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append((path.name, digest[:_DIGEST], str(path)))
    return found


def _now_ms() -> int:
    return int(time.time() * 1000)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "unknown"
