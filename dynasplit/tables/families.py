"""Figures of a measurement that have names of their own (channels, conditions), as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynasplit.core.measurement import Measurement
from dynasplit.tables.columns import FAMILIES


def family_names(runs: Iterable[Measurement]) -> list[str]:
    """The columns of families that some run has, in the order in which they first appear."""
    runs = list(runs)
    return list(
        dict.fromkeys(
            prefix + name
            for family, prefix in FAMILIES.items()
            for run in runs
            for name in getattr(run, family)
        )
    )


def family_figure(measurement: Measurement, column: str) -> Any:
    """The value of a column, of a family or a field of its own; None: absent."""
    for family, prefix in FAMILIES.items():
        if column.startswith(prefix):
            return getattr(measurement, family).get(column.removeprefix(prefix))
    return getattr(measurement, column)


def gathered(figures: Mapping[str, Any]) -> dict[str, Any]:
    """A row's figures as fields of a measurement; absent values of families are left out."""
    plain = {n: v for n, v in figures.items() if not n.startswith(tuple(FAMILIES.values()))}
    if len(plain) == len(figures):
        return plain
    families = {
        family: {
            name.removeprefix(prefix): value
            for name, value in figures.items()
            if name.startswith(prefix) and value is not None
        }
        for family, prefix in FAMILIES.items()
    }
    return plain | families
