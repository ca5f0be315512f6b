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

FAMILIES = (
    *("reference", "memory_bound", "several_exponents", "congested_link", "slow_gpu_start"),
    *("steep_power", "big_little", "throttled", "no_accelerator", "totals_only", "with_quality"),
    "noisy",
)
"""As in `dynasplit.made_up.families`, which may not be asked from here."""


@dataclass
class BenchmarkConf:
    """Search algorithms compared.

    Attributes:
        seeds: how many. algorithms: which.
        fill: configurations absent from the table: `profile` predicts them, `none` leaves them out.
        testbeds: made-up ones of known truth, instead of a table; 0: none. draw: their seed.
        families: of these; null: all. smallest, largest: their spaces, in configurations.
        measurements: of a search on one of them, at most.
        workers: processes; null: as many as there are CPUs.
    """

    seeds: int = option(20, at_least(1))
    algorithms: list[str] = option(
        ["structured", "tpe", "nsga3", "nsga2", "nsga3_reference", "random"],
        several(name_in_folder("dynasplit.offline.search")),
    )
    fill: str = option("profile", one_of("profile", "none"))
    testbeds: int = option(0, at_least(0))
    draw: int = option(0, at_least(0))
    families: list[str] | None = option(None, several(one_of(*FAMILIES)))
    smallest: int = option(100, at_least(20))
    largest: int = option(1000, at_least(20))
    measurements: int = option(100, at_least(15))
    workers: int | None = option(None, at_least(1))
