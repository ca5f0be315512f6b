"""The quality of outputs by split point and accelerator mode."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dynasplit.tables import RunsTable

Cells = dict[tuple[int, str], float]


def quality_by_cell(runs: RunsTable, name: str) -> Cells:
    """The median of `accuracy` or `fidelity` by (split point, accelerator mode); empty: absent."""
    if not runs.has(name):
        return {}
    found: dict[tuple[int, str], list[float]] = {}
    for i, value in zip(runs.index.tolist(), runs.columns[name].tolist(), strict=True):
        c = runs.configurations[i]
        found.setdefault((c.split_point, c.edge_accelerator), []).append(value)
    return {cell: float(np.median(values)) for cell, values in found.items()}


def images_of(runs: RunsTable) -> int | None:
    """On how many images the quality was determined; None: runs differ, or do not say it."""
    if not runs.has("images"):
        return None
    found = set(runs.columns["images"].tolist())
    return int(found.pop()) if len(found) == 1 else None


def nearest_quality(cells: Cells, split_point: int, modes: Iterable[str]) -> dict[str, float]:
    """Of a split point by mode: its own, else the nearest split point's in the same mode."""
    found = {}
    for mode in modes:
        ranked = sorted(cells, key=lambda c: (c[1] != mode, abs(c[0] - split_point), c[0]))
        if ranked:
            found[mode] = cells[ranked[0]]
    return found
