"""Which configurations may be on a front: those whose figures nothing contradicts."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import CONTRADICTIONS

if TYPE_CHECKING:
    from dynasplit.tables import RunsTable

T = TypeVar("T")
AGREED = 0.10
"""By so much of their median runs may differ that confirm each other."""
ENOUGH = 3
"""Runs that agree; so many contradicted ones are no accident, and what they show is so."""


def is_contradicted(run: Measurement) -> bool:
    """True if an audit has found the run to contradict others."""
    return not set(CONTRADICTIONS).isdisjoint(run.flags)


def is_confirmed(runs: Sequence[Measurement]) -> bool:
    """True if a run is contradicted by nothing, or if enough contradicted ones agree."""
    if not all(map(is_contradicted, runs)):
        return True
    return _agree([run.latency_ms for run in runs]) and (
        any(run.energy_j is None for run in runs)
        or _agree([run.energy_j for run in runs if run.energy_j is not None])
    )


def unconfirmed(runs: Mapping[T, Sequence[Measurement]]) -> list[T]:
    """What is to be kept off a front until further runs confirm it.

    Nothing, where nothing is confirmed: there has to be a front.
    """
    found = [one for one, mine in runs.items() if not is_confirmed(mine)]
    return found if len(found) < len(runs) else []


def unconfirmed_in(runs: RunsTable) -> list[int]:
    """The configurations of a table that are to be kept off its front, by their position."""
    if not any(map(set(CONTRADICTIONS).intersection, runs.flags)):
        return []
    rows = {i: runs.rows_of(i).tolist() for i in range(len(runs.configurations))}
    return unconfirmed({i: [runs.measurement(row) for row in rows[i]] for i in rows})


def _agree(values: Sequence[float]) -> bool:
    median = statistics.median(values)
    return sum(abs(value - median) <= AGREED * median for value in values) >= ENOUGH
