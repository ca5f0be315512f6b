"""The options of `search`: algorithm and budget of the offline phase."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from dynasplit.config.paths import store_uri
from dynasplit.config.rules import (
    above,
    at_least,
    name_in_folder,
    option,
    share,
)


@dataclass
class SearchConf:
    """The offline phase: how to search, and when to stop (whatever comes first).

    Attributes:
        algorithm: name of a file in dynasplit/offline/search. options: its own.
        fraction: of the space that is measured (not of a grid, which is measured whole).
        trials: how many configurations instead.
        testbed_time_s: time on the testbed. min_gain: least expected gain in hypervolume.
        front_repeats: how often the front's members are measured again.
        storage: an Optuna storage that shows the search while it runs, to be looked at with
            optuna-dashboard; it is filled from the journal, which stays the record.
    """

    algorithm: str = option(MISSING, name_in_folder("dynasplit.offline.search"))
    fraction: float | None = option(0.2, share(zero=False))
    trials: int | None = option(None, at_least(1))
    testbed_time_s: float | None = option(None, above(0))
    min_gain: float | None = option(None, share(zero=False, one=False))
    front_repeats: int = option(4, at_least(0))
    storage: str | None = option(None, store_uri())
    options: dict[str, Any] = field(default_factory=dict)
