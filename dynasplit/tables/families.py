"""Figures of a measurement that have names of their own (channels, conditions), as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from dynasplit.core.measurement import Measurement
from dynasplit.tables.columns import FAMILIES
from dynasplit.uncertainty.measurements import intervals


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


def family_values(runs: Sequence[Measurement], column: str) -> list[Any]:
    """The values of a column (n,), of a family or a field of their own; None: absent."""
    for family, prefix in FAMILIES.items():
        if column.startswith(prefix):
            name = column.removeprefix(prefix)
            return [getattr(run, family).get(name) for run in runs]
    return list(map(attrgetter(column), runs))


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


def interval_columns(runs: Sequence[Measurement]) -> dict[str, list[float | None]]:
    """The bounds of the runs' energies as columns (n,); none where no uncertainty is known."""
    found = intervals(runs)
    if not any(found):
        return {}
    bounds = [span or (None, None) for span in found]
    return {
        "energy_low_j": [low for low, _ in bounds],
        "energy_high_j": [high for _, high in bounds],
    }
