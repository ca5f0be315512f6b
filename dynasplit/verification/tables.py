"""Whether a run's tables, front and summary say what its journal says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dynasplit.core.measurement import Measurement
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.attribution_block import attribution_block
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.run.records import Records
from dynasplit.tables import RequestsTable, RunsTable
from dynasplit.verification.findings import Finding

_TOLERANCE = 1e-6
"""Of figures that are computed again: another version of a library may round otherwise."""
_SHOWN = 3
_REDEFINED = ("infeasible",)
"""Figures of a policy that meant another thing in older versions."""


_Figures = tuple[float, float | None]


def runs_differ(name: str, runs: RunsTable, journal: Records) -> Iterator[Finding]:
    """The rows of a table of runs that the journal has not, has otherwise, or has besides."""
    mine = {(m.configuration, m.repeat): _told(m) for m in runs.measurements}
    other = {(m.configuration, m.repeat): _told(m) for m in journal.measurements}
    yield from _differing(name, "runs", mine, other)


def requests_differ(
    name: str, requests: RequestsTable, journal: Records, online: str
) -> Iterator[Finding]:
    """Likewise for requests, of the online phase that the run finished with."""
    mine = {(r.policy, r.request): _told(r.measurement) for r in requests.rows}
    served = [row for phase, row in journal.served if phase == online]
    other = {(r.policy, r.request): _told(r.measurement) for r in served}
    yield from _differing(name, "requests", mine, other)


def front_differs(path: Path, runs: RunsTable | None) -> Iterator[Finding]:
    """Members of a front that the runs do not put there; nothing where a front was given.

    Raises:
        DataError: it cannot be read.
    """
    front = ParetoFront.load(path)
    if runs is None:
        return
    there = {s.configuration: (s.latency_ms, s.energy_j) for s in front.summaries}
    again = {
        s.configuration: (s.latency_ms, s.energy_j) for s in ParetoFront.of_runs(runs).summaries
    }
    for configuration in there.keys() ^ again.keys():
        where = "is on it, and" if configuration in there else "is not on it, but"
        words = "not" if configuration in there else "is"
        yield Finding(
            "consistent", path.name, f"{configuration.words()} {where} by the runs {words}"
        )
    for configuration in there.keys() & again.keys():
        if not _alike(list(there[configuration]), list(again[configuration])):
            words = f"{configuration.words()} has other figures than the median of its runs"
            yield Finding("consistent", path.name, words)


def summary_differs(
    name: str, summary: Mapping[str, Any], requests: RequestsTable, *, is_older: bool
) -> Iterator[Finding]:
    """Figures of policies that are not those of the requests.

    Args:
        name: the file's.
        summary: its content.
        requests: the table.
        is_older: some figures may mean what they meant in an older version.
    """
    told, again = summary.get("policies", {}), summarise_requests(requests.rows)
    for policy in told.keys() ^ again.keys():
        yield Finding("consistent", name, f"{policy} is in one of it and requests.parquet only")
    for policy in (one for one in told if one in again):
        for figure, value in told[policy].items():
            if is_older and figure in _REDEFINED:
                continue
            if figure in again[policy] and not _alike(value, again[policy][figure]):
                words = (
                    f"{policy}'s {figure} is {value}; by requests.parquet {again[policy][figure]}"
                )
                yield Finding("consistent", name, words)

    divided = summary.get("attribution")
    if divided is not None:
        by_rows = attribution_block(requests.rows, divided.get("accounting", ""))
        if by_rows is None or not _alike(by_rows, divided):
            words = "the joules of attribution are not those of requests.parquet"
            yield Finding("consistent", name, words)


def _told(measurement: Measurement) -> _Figures:
    return measurement.latency_ms, measurement.energy_j


def _differing(
    name: str,
    what: str,
    mine: Mapping[Any, _Figures],
    journal: Mapping[Any, _Figures],
) -> Iterator[Finding]:
    lacking, beside = journal.keys() - mine.keys(), mine.keys() - journal.keys()
    other = [key for key in mine.keys() & journal.keys() if not _alike(mine[key], journal[key])]
    for keys, words in (
        (lacking, f"{what} of the journal are not in it"),
        (beside, f"{what} in it are not in the journal"),
        (other, f"{what} have other figures than in the journal"),
    ):
        if keys:
            shown = sorted(map(str, (_words(key) for key in keys)))[:_SHOWN]
            more = ", ..." if len(keys) > _SHOWN else ""
            yield Finding("consistent", name, f"{len(keys)} {words}: {', '.join(shown)}{more}")


def _words(key: Any) -> str:
    first, second = key
    return f"{first.words() if hasattr(first, 'words') else first} ({second})"


def _alike(one: Any, other: Any) -> bool:
    """Numbers within the tolerance; lists and groups by their parts; else the very same."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(name not in other or _alike(value, other[name]) for name, value in one.items())
    if isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return bool(np.isclose(one, other, rtol=_TOLERANCE, atol=1e-9))
    return bool(one == other)
