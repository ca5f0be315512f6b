"""A search in a storage of Optuna's, for those who look at it with optuna-dashboard."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from dynasplit.core.errors import ResultsError
from dynasplit.core.events import Event, Finished, Measured
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.passwords import masked, masked_uri
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.run.journal import Journal
from hosts.core.errors import one_line

if TYPE_CHECKING:
    import optuna

_PARTS = ("edge_ms", "transfer_ms", "cloud_ms", "edge_energy_j", "cloud_energy_j", "source")


class StudyStorage:
    """Fills a study in a storage from the journal, as a search goes on.

    The journal stays the record: what becomes of the storage later costs the search nothing.
    """

    def __init__(
        self, uri: str, name: str, space: SearchSpace, journal: Journal, say: Callable[[str], None]
    ) -> None:
        """Open the storage, and leave out of it what it has of this search already.

        Args:
            uri: as Optuna takes it, such as `sqlite:///FILE.db`.
            name: of the study.
            space: of the search.
            journal: holds what is shown.
            say: is told once if the storage fails later.

        Raises:
            ResultsError: it cannot be opened.
        """
        self._uri, self._name, self._space = uri, name, space
        self._journal, self._say = journal, say
        self._study: optuna.Study | None = None
        self._storage: optuna.storages.BaseStorage | None = None
        self._shown: set[Configuration] = set()
        try:
            self._open()
        except Exception as error:  # whatever Optuna, SQLAlchemy or a database's driver raises
            raise ResultsError(
                f"search.storage={masked_uri(uri)} cannot be opened: {masked(one_line(error))}; "
                "allowed: a storage that Optuna knows, such as sqlite:///FILE.db, or null"
            ) from error

    def __call__(self, event: Event) -> None:
        """Show what the search has measured, when it has."""
        if self._storage is None or not isinstance(event, Measured | Finished):
            return
        if event.phase not in ("search", "baselines"):
            return
        try:
            self._show(every=isinstance(event, Finished))
        except Exception as error:  # as above
            self._storage = None
            self._say(
                f"The search is not shown in {masked_uri(self._uri)} any more: "
                f"{masked(one_line(error))}. It goes on, and is kept in its journal"
            )

    def _open(self) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = optuna.storages.get_storage(self._uri)
        if self._name in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=self._name, storage=storage)
        self._storage = storage

    def _show(self, *, every: bool) -> None:
        """Add each configuration that is measured and not shown; the last may get a recheck."""
        runs: dict[Configuration, list[Measurement]] = {}
        for measurement in self._journal.measurements():
            runs.setdefault(measurement.configuration, []).append(measurement)
        ready = list(runs) if every else list(runs)[:-1]
        for configuration in ready:
            if configuration not in self._shown:
                self._add(configuration, runs[configuration])
                self._shown.add(configuration)

    def _add(self, configuration: Configuration, runs: list[Measurement]) -> None:
        import optuna

        from dynasplit.offline.optuna_study import distributions

        summary = summarise(runs)[0]
        values = {
            "latency_ms": summary.latency_ms,
            "energy_j": summary.energy_j,
            "quality": summary.quality,
        }
        there = {name: float(value) for name, value in values.items() if value is not None}
        if self._study is None:
            self._study = optuna.create_study(
                storage=self._storage,
                study_name=self._name,
                directions=["maximize" if name == "quality" else "minimize" for name in there],
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study.set_metric_names(list(there))
        parts = {name: getattr(runs[0], name) for name in _PARTS}
        attributes = {"configuration": configuration.words(), "runs": len(runs)} | parts
        self._study.add_trial(
            optuna.trial.create_trial(
                params=configuration.as_dict(),
                distributions=distributions(self._space),
                values=list(there.values()),
                user_attrs={k: v for k, v in attributes.items() if v is not None},
            )
        )
