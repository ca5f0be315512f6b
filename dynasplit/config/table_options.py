"""Options of the plans that work on a table of runs."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    at_least,
    module_of,
    one_of,
    option,
    several,
)


@dataclass
class ReplayConf:
    """Requests on recorded runs.

    Attributes:
        keep_requests: how many of the first requests go to requests.parquet.
        chunk: requests at a time; bounds the memory, changes no result.
        divisions: how often the runs are divided at random, to choose by one half and judge by
            the other; 0: not at all.
    """

    keep_requests: int = option(1000, at_least(0))
    chunk: int = option(32768, at_least(1))
    divisions: int = option(5, at_least(0))


@dataclass
class AuditConf:
    """An audit's output. clean: also the table without the rows that others contradict."""

    clean: bool = False


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
        several(module_of("dynasplit.offline.search")),
    )
    fill: str = option("profile", one_of("profile", "none"))


@dataclass
class FitConf:
    """Sources of a fitted profile besides runs.

    Attributes:
        macs: a file of the network's split points (split_point, head_mmac, tail_mmac,
            tensor_kb). With it the fitted profile also gets the law that predicts networks
            without runs.
        profile: name or file; its boards and its law predict the network of `macs`, which
            `runs`, a handful or none, correct.
        network: what the predicted network is called; None: as in the runs, else model.name.
    """

    macs: str | None = None
    profile: str | None = None
    network: str | None = None
