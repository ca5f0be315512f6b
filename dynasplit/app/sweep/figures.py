"""The figures of a sweep: means over seeds with their 95 % intervals, by the swept options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dynasplit.app.sweep.jobs import SEEDS, Value
from dynasplit.app.sweep.outcomes import Outcome
from dynasplit.core.intervals import Interval, of_seeds
from dynasplit.frames.opened import flattened

HEAD = "dynasplit"
SEARCH = "search_"
_NOT_AVERAGED = ("_low", "_high", "requests", "images")
_MOST = {"met_pct": 100.0, "accuracy": 1.0, "fidelity": 1.0, f"{SEARCH}hypervolume": 1.0}
_CAN_BE_NEGATIVE = ("saving",)


@dataclass(frozen=True)
class Known:
    """A figure of several runs.

    Attributes:
        mean: over the runs. interval: its 95 % one; None: of a single run. values: the runs'.
    """

    mean: float
    interval: Interval | None
    values: tuple[float, ...]


@dataclass(frozen=True)
class Group:
    """The jobs of a sweep that differ in nothing but seeds.

    Attributes:
        options: their values of the swept options, seeds apart.
        jobs: how many they are. runs: of how many the figures are known.
        figures: by policy, then by name; those of the search are with every policy.
    """

    options: Mapping[str, Value]
    jobs: int
    runs: int
    figures: Mapping[str, Mapping[str, Known]] = field(default_factory=dict)

    @property
    def head(self) -> str | None:
        """The policy that speaks for the group: dynasplit, else the first; None: there is none."""
        return HEAD if HEAD in self.figures else next(iter(self.figures), None)


def groups_of(
    outcomes: Sequence[Outcome], summaries: Mapping[int, Mapping[str, Any]]
) -> list[Group]:
    """The groups of a sweep's jobs, in the order in which they come.

    Args:
        outcomes: of all jobs.
        summaries: the content of summary.json by job number, of those that have one. Two jobs that
            ask for the same have one run, which counts once.
    """
    together: dict[tuple[tuple[str, Value], ...], list[Outcome]] = {}
    seen: set[str] = set()
    for outcome in outcomes:
        if outcome.job.content not in seen:
            seen.add(outcome.job.content)
            own = [(n, v) for n, v in outcome.job.options.items() if n not in SEEDS]
            together.setdefault(tuple(own), []).append(outcome)
    return [_group(dict(options), some, summaries) for options, some in together.items()]


def _group(
    options: Mapping[str, Value],
    outcomes: Sequence[Outcome],
    summaries: Mapping[int, Mapping[str, Any]],
) -> Group:
    found = [summaries[one.job.number] for one in outcomes if one.job.number in summaries]
    names = dict.fromkeys(name for summary in found for name in summary.get("policies", {}))
    figures = {name: _figures([_plain(summary, name) for summary in found]) for name in names}
    if not names and any("search" in summary for summary in found):
        figures = {"": _figures([_plain(summary, "") for summary in found])}
    return Group(options, len(outcomes), len(found), figures)


def _plain(summary: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """A run's figures of a policy and of its search, by joined names."""
    search = {f"{SEARCH}{n}": v for n, v in flattened(summary.get("search", {})).items()}
    return flattened(summary.get("policies", {}).get(policy, {})) | search


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Known]:
    names = dict.fromkeys(name for row in rows for name in row)
    found = {}
    for name in names:
        values = [row[name] for row in rows if _is_number(row.get(name))]
        if values and not name.endswith(_NOT_AVERAGED):
            found[name] = known(name, values)
    return found


def known(name: str, values: Sequence[float]) -> Known:
    """A figure's mean over runs, and its interval, which stays where the figure can be."""
    numbers = np.array(values, dtype=float)
    interval = of_seeds(numbers)
    if interval is not None:
        low, high = interval
        least = -np.inf if any(part in name for part in _CAN_BE_NEGATIVE) else 0.0
        interval = max(low, least), min(high, _MOST.get(name, np.inf))
    return Known(float(numbers.mean()), interval, tuple(map(float, values)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
