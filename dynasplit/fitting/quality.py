"""The quality of configurations without runs: it depends on where and in what precision it runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dynasplit.space import Configuration
from dynasplit.tables import RunsTable

Quality = Callable[[Configuration], tuple[float | None, float | None]]


def nearest_quality(runs: RunsTable) -> Quality:
    """(accuracy, fidelity) of a configuration, from the runs nearest to it.

    The network's output follows from the split point and from what computes the head; so the
    median over the runs that share both, else over those of the nearest split point in the same
    mode, else in any. None: not measured.
    """
    known = [_cells(runs, name) for name in ("accuracy", "fidelity")]

    def quality(configuration: Configuration) -> tuple[float | None, float | None]:
        accuracy, fidelity = (_nearest(cells, configuration) for cells in known)
        return accuracy, fidelity

    return quality


def _cells(runs: RunsTable, name: str) -> dict[tuple[int, str], float]:
    if not runs.has(name):
        return {}
    found: dict[tuple[int, str], list[float]] = {}
    for i, value in zip(runs.index.tolist(), runs.columns[name].tolist(), strict=True):
        c = runs.configurations[i]
        found.setdefault((c.split_point, c.edge_accelerator), []).append(value)
    return {cell: float(np.median(values)) for cell, values in found.items()}


def _nearest(cells: dict[tuple[int, str], float], configuration: Configuration) -> float | None:
    k, mode = configuration.split_point, configuration.edge_accelerator
    ranked = sorted(cells, key=lambda cell: (cell[1] != mode, abs(cell[0] - k), cell[0]))
    return cells[ranked[0]] if ranked else None
