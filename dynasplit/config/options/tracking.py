"""The options of `tracking`: where runs are recorded besides their folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from dynasplit.config.paths import store_uri
from dynasplit.config.rules import one_of, option

URI_VARIABLE = "MLFLOW_TRACKING_URI"
_SERVER = ("http://", "https://")


@dataclass
class TrackingConf:
    """Experiment tracking.

    Attributes:
        kind: mlflow: in a store of MLflow's; server: on a server of MLflow's, which has to be
            named; none: in the run's folder alone.
        uri: of the store; None: MLFLOW_TRACKING_URI in the environment, else a file in results_dir.
        system_metrics: the controller's processors, memory, disks and network are recorded beside
            a search's live figures.
    """

    kind: str = option("mlflow", one_of("mlflow", "server", "none"))
    uri: str | None = option(None, store_uri())
    system_metrics: bool = False

    @property
    def asked_uri(self) -> str | None:
        """The store that somebody has named, here or in the environment; None: nobody has."""
        return self.uri or os.environ.get(URI_VARIABLE) or None

    def conflicts(self) -> Iterator[str]:
        """A server is one, and is named."""
        if self.kind == "server" and not (self.asked_uri or "").lower().startswith(_SERVER):
            found = "nothing" if self.asked_uri is None else "the URI of another kind of store"
            yield (
                f"kind=server: {found} says which server; needed: {URI_VARIABLE}=https://HOST "
                "in the environment, or tracking.uri=https://HOST (MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the environment log in)"
            )
