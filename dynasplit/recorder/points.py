"""Runs and summaries as named figures and as rows of tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from dynasplit.accounting import name_in
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.provenance import STATED_FLAGS
from dynasplit.core.space import Configuration

Point = tuple[str, float, int]
"""Name with its unit, value, step."""
Row = dict[str, Any]

_BOUNDS = ("low", "high")
_PARTS = ("edge_ms", "transfer_ms", "cloud_ms", "edge_energy_j", "cloud_energy_j", "tensor_kb")


def rows_of_configurations(
    runs: Iterable[Measurement], front: Collection[Configuration] | None
) -> list[Row]:
    """A row for each measured configuration, those on the front first, by latency.

    Args:
        runs: the measured ones.
        front: the configurations on it; None: there is none yet.
    """
    runs = list(runs)
    doubts: dict[Configuration, Counter[str]] = {}
    last: dict[Configuration, Measurement] = {}
    for run in runs:
        flags = [flag for flag in run.flags if not flag.startswith(STATED_FLAGS)]
        doubts.setdefault(run.configuration, Counter()).update(flags)
        last[run.configuration] = run
    rows: list[Row] = [
        {
            "configuration": one.configuration.words(),
            "on_front": None if front is None else one.configuration in front,
            "runs": one.repeats,
            "latency_ms": one.latency_ms,
            "latency_q25_ms": one.latency_q25_ms,
            "latency_q75_ms": one.latency_q75_ms,
            "energy_j": one.energy_j,
            "accuracy": one.accuracy,
            "fidelity": one.fidelity,
            **{f"last_{name}": getattr(last[one.configuration], name) for name in _PARTS},
            **last[one.configuration].conditions,
            "doubtful": ", ".join(f"{f} {n}x" for f, n in doubts[one.configuration].items()),
            **one.configuration.as_dict(),
        }
        for one in summarise(runs)
    ]
    return sorted(rows, key=lambda row: (not row["on_front"], row["latency_ms"]))


def rows_of_policies(blocks: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """A row for each policy, of its figures and the bounds of their intervals."""
    return [
        {"policy": name, **{n.replace("confidence_95.", ""): v for n, v in leaves(block)}}
        for name, block in blocks.items()
    ]


_COMPARED = (
    *("met_pct", "latency_ms.median", "latency_ms.p95", "exceedance_ms_median"),
    *("throughput_rps.median", "accuracy", "fidelity"),
)
"""Of a policy, what people compare runs by; a page has room for no more, the tables have all."""
_OF_ACCOUNTING = ("energy_j_mean", "energy_saving_vs_cloud_pct")


def rows_of_accountings(told: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """A row for each accounting and policy: mean energy and saving, with their intervals."""
    rows: list[Row] = []
    for name, one in told.items():
        for policy, block in one.get("policies", {}).items():
            row: Row = {"accounting": one.get("label", name), "policy": policy}
            for key in _OF_ACCOUNTING:
                row[key] = block.get(key)
                low, high = block.get("confidence_95", {}).get(key) or (None, None)
                row |= {f"{key}.low": low, f"{key}.high": high}
            rows.append(row)
    return rows


_LISTS = ("policies", "by_accounting", "given_up", "recovered", "attribution", "seed")
"""Of a summary what is no figure by a name of its own, or stands in tables, report, parameters."""


def as_table(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Rows as MLflow shows tables: the columns' names, and each row's cells.

    MLflow leaves a column empty whose name has a dot; long numbers hide what stands beside them.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {
        "columns": [name.replace(".", "_") for name in columns],
        "data": [[_shortly(row.get(name)) for name in columns] for row in rows],
    }


def _shortly(value: Any) -> Any:
    """A number with six digits that say something; the run's own tables have all."""
    return float(f"{value:.6g}") if isinstance(value, float) and isfinite(value) else value


def of_summary(figures: Mapping[str, Any]) -> tuple[list[Point], dict[str, str]]:
    """Numbers as figures, words as tags; what is None or no number is left out of the former.

    A policy's figures are under its name: `dynasplit.met_pct`; those by which runs are compared.
    """
    plain = {n: v for n, v in figures.items() if n not in _LISTS}
    nested = [*leaves(plain)]
    compared = (*_COMPARED, "energy_j.mean", "energy_saving_vs_cloud_pct")
    for policy, block in figures.get("policies", {}).items():
        nested += [(f"{policy}.{n}", v) for n, v in leaves(block) if n in compared]
    own = name_in(str(figures.get("accounting", "")))
    others = {n: one for n, one in figures.get("by_accounting", {}).items() if n != own}
    for name, one in others.items():
        for policy, block in one.get("policies", {}).items():
            nested += [(f"{policy}.by_{name}.{n}", block.get(n)) for n in _OF_ACCOUNTING]
    numbers: list[Point] = []
    words: dict[str, str] = {}
    for name, value in nested:
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append((name, float(value), 0))
        elif value not in (None, []):
            words[name] = str(value)
    return numbers, words


def leaves(nested: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Leaves with the names on the way to them; of a pair of numbers, `.low` and `.high`."""
    for name, value in flattened(nested, "."):
        is_pair = isinstance(value, list | tuple) and len(value) == len(_BOUNDS)
        if is_pair and all(isinstance(one, int | float) for one in value):
            yield from ((f"{name}.{end}", one) for end, one in zip(_BOUNDS, value, strict=True))
        else:
            yield name, value


def flattened(nested: Mapping[str, Any], joint: str) -> Iterator[tuple[str, Any]]:
    """Leaves with the names on the way to them; lists are leaves."""
    for name, value in nested.items():
        if isinstance(value, Mapping):
            for rest, leaf in flattened(value, joint):
                yield f"{name}{joint}{rest}", leaf
        else:
            yield str(name), value
