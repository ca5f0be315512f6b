"""The base recorder, which records nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dynasplit.core.events import Event
from dynasplit.core.served_request import ServedRequest


@dataclass(frozen=True)
class RunFacts:
    """The facts that identify and describe a run.

    Attributes:
        experiment: the experiment's name in MLflow.
        name: the run's, as shown.
        identity: the hash of all that determines its result.
        config: the resolved configuration.
        folder: where the run keeps its files. token: tells it from a copy of it; empty: none does.
        git_revision: of the code; None if it is not known.
        tags: words about it: `emulated`, `source`, `model`, facts about the hosts.
    """

    experiment: str
    name: str
    identity: str
    config: Mapping[str, Any]
    folder: Path
    token: str = ""
    git_revision: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Recorder:
    """A recorder of a run: a context around it, and a subscriber of its phases.

    Attributes:
        trouble: why nothing is recorded any more; None if all is well.
    """

    trouble: str | None = None

    def __enter__(self) -> Self:
        """Begin the run, or continue it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the run: finished, failed or killed."""

    def __call__(self, event: Event) -> None:
        """Follow a phase; when the offline ones have ended, what they measured is recorded."""

    def summary(self, figures: Mapping[str, Any]) -> None:
        """Record the run's summary, nested as in `summary.json`."""

    def policy(
        self, name: str, figures: Mapping[str, Any], served: Sequence[ServedRequest] = ()
    ) -> None:
        """Record a policy's figures, and the requests that it served as series."""

    def artifacts(self, *paths: Path) -> None:
        """Keep copies of files and folders, under their names."""
