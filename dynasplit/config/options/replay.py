"""The options of `replay`: requests on recorded runs."""

from __future__ import annotations

from dataclasses import dataclass

from dynasplit.config.rules import (
    at_least,
    option,
)


@dataclass
class ReplayConf:
    """Requests on recorded runs.

    Attributes:
        keep_requests: how many of the first requests go to requests.parquet.
        chunk: requests at a time; bounds the memory, changes no result.
        divisions: how often the runs are divided at random, to choose by one half and judge by
            the other; 0: not at all.
        threads: at work at once; changes no result.
    """

    keep_requests: int = option(1000, at_least(0))
    chunk: int = option(32768, at_least(1))
    divisions: int = option(5, at_least(0))
    threads: int = option(2, at_least(1))
