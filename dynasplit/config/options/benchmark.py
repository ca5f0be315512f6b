"""The options of `benchmark`: search algorithms compared."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    at_least,
    name_in_folder,
    one_of,
    option,
    several,
)


@dataclass
class BenchmarkConf:
    """Search algorithms compared.

    Attributes:
        seeds: how many. algorithms: which.
        fill: configurations absent from the table: `profile` predicts them, `none` leaves them out.
    """

    seeds: int = option(20, at_least(1))
    algorithms: list[str] = option(
        ["structured", "tpe", "nsga3", "nsga2", "nsga3_reference", "random"],
        several(name_in_folder("dynasplit.offline.search")),
    )
    fill: str = option("profile", one_of("profile", "none"))
