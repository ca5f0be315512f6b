"""The base recorder, which records nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from dynasplit.core.events import Event
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration


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
        dataset: the name of its images; empty: it has none. dataset_sha256: of their content.
        files: what it reads, such as a table of runs.
        system_metrics: the controller's own figures are recorded beside a search's.
        progress: figures of a search by all that it has measured so far, by name.
    """

    experiment: str
    name: str
    identity: str
    config: Mapping[str, Any]
    folder: Path
    token: str = ""
    git_revision: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    dataset_sha256: str = ""
    files: Sequence[Path] = ()
    system_metrics: bool = False
    progress: Callable[[Sequence[Measurement]], Mapping[str, float]] = lambda _measured: {}


class Recorder:
    """A recorder of a run: a context around it, and a subscriber of its phases.

    Attributes:
        keeps: True if anything is recorded at all.
        trouble: why something is not recorded yet; None if all is.
        lost: why something is not even kept for later; None if all is.
    """

    keeps: ClassVar[bool] = False
    trouble: str | None = None
    lost: str | None = None

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
        """Follow a phase: of a search, live figures are recorded."""

    def summary(self, figures: Mapping[str, Any]) -> None:
        """Record the run's summary, nested as in `summary.json`."""

    def configurations(self, front: Collection[Configuration] | None) -> None:
        """Record what was measured, with what is on the front marked; None: there is none yet."""

    def table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Record a table of a name of its own: a row a mapping, from column to cell."""

    def curve(self, name: str, values: Sequence[float]) -> None:
        """Record a figure after each of so many steps."""

    def describe(self, markdown: str) -> None:
        """Say what the run found, in words."""

    def artifacts(self, *paths: Path) -> None:
        """Keep copies of files and folders, under their names."""

    @property
    def place(self) -> str:
        """Where the run is to be seen, below an address of pages; empty: nowhere."""
        return ""
