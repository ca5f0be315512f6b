"""Fits the times of the heads: a line for each split point and accelerator mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dynasplit.profile.lines import FINEST, Line, Points, Share, fit_lines, residuals_of, share_of
from dynasplit.profile.link_and_cloud import between
from dynasplit.profile.run_medians import Figures

Cell = tuple[int, str]
PLENTY = 4
_NEIGHBOURS = 5
# A mode's shares differ little between split points, much from those of another mode.
_LEAST_SPREAD, _OTHER_SPREAD = 0.05, 0.4


@dataclass(frozen=True)
class Heads:
    """Lines (a, b) by split point and mode.

    Attributes:
        lines: for every split point of the network and each mode that was measured.
        shared_slope: whether the accelerated modes share a.
        filled: cells without runs, taken between their neighbours.
    """

    lines: Mapping[Cell, Line]
    shared_slope: bool
    filled: tuple[Cell, ...]


def fit_heads(figures: Figures, last_split_point: int) -> Heads:
    """Fit every cell; where frequencies are too few, the neighbours' share of 1 / f decides."""
    cells = _cells(figures)
    accelerated = sorted({mode for _, mode in cells} - {"off"})
    own = _fit_twice(cells, {mode: [mode] for mode in accelerated})
    shared = _fit_twice(cells, {"": accelerated}) if len(accelerated) > 1 else own
    # one slope for all modes is kept unless the runs speak against it (Bayesian information)
    spared = sum(mode in accelerated for _, mode in cells) - len(
        {k for k, mode in cells if mode in accelerated}
    )
    keep = len(accelerated) > 1 and shared[1] - own[1] <= spared * np.log(len(figures.ghz)) / 2
    lines = dict((shared if keep else own)[0])
    filled = _fill(lines, last_split_point)
    return Heads(lines, keep, filled)


def _cells(figures: Figures) -> dict[Cell, Points]:
    found: dict[Cell, list[int]] = {}
    for i, cell in enumerate(zip(figures.split_points.tolist(), figures.modes, strict=True)):
        found.setdefault(cell, []).append(i)
    return {cell: Points(1 / figures.ghz[at], figures.edge_ms[at]) for cell, at in found.items()}


def _fit_twice(
    cells: Mapping[Cell, Points], families: Mapping[str, list[str]]
) -> tuple[dict[Cell, Line], float]:
    """Fit, learn from it how residuals and shares spread, and fit again."""
    lines, _ = _fit_all(cells, families, 2 * FINEST, {})
    residuals = np.concatenate([residuals_of(cells[cell], line) for cell, line in lines.items()])
    scale = max(FINEST, 2 * 1.4826 * float(np.median(np.abs(residuals))))
    return _fit_all(cells, families, scale, _expected(cells, lines))


def _fit_all(
    cells: Mapping[Cell, Points],
    families: Mapping[str, list[str]],
    scale: float,
    expected: Mapping[Cell, Share],
) -> tuple[dict[Cell, Line], float]:
    lines: dict[Cell, Line] = {}
    total = 0.0
    for k in sorted({k for k, _ in cells}):
        for modes in [["off"], *families.values()]:
            family = {mode: cells[k, mode] for mode in modes if (k, mode) in cells}
            if family:
                prior = expected.get((k, next(iter(family))))
                fitted, loss = fit_lines(family, scale, prior)
                lines |= {(k, mode): line for mode, line in fitted.items()}
                total += loss
    return lines, total


def _expected(cells: Mapping[Cell, Points], lines: Mapping[Cell, Line]) -> dict[Cell, Share]:
    """The prior of each cell's share of 1 / f, from the cells near it."""
    known = {c: share_of(cells[c], line) for c, line in lines.items() if _is_sure(cells[c])}
    found = {}
    for k, mode in cells:
        near = sorted((abs(k - other), s) for (other, m), s in known.items() if m == mode)
        least = _LEAST_SPREAD
        if not near:
            near = sorted((abs(k - other), s) for (other, _), s in known.items())
            least = _OTHER_SPREAD
        if near:
            shares = np.array([s for _, s in near[:_NEIGHBOURS]])
            spread = 1.4826 * float(np.median(np.abs(shares - np.median(shares))))
            found[k, mode] = Share(float(np.median(shares)), max(least, 2 * spread))
    return found


def _is_sure(points: Points) -> bool:
    return points.frequencies >= min(PLENTY, 2) and len(points.ms) >= PLENTY


def _fill(lines: dict[Cell, Line], last_split_point: int) -> tuple[Cell, ...]:
    """Add lines where there were no runs, between those of the neighbouring split points."""
    every = range(last_split_point + 1)
    filled: list[Cell] = []
    for mode in sorted({mode for _, mode in lines}):
        known = {k: line for (k, m), line in lines.items() if m == mode}
        a = between({k: line[0] for k, line in known.items()}, every)
        b = between({k: line[1] for k, line in known.items()}, every)
        for k in every:
            idle = k == 0 and mode != "off"  # nothing runs on the accelerator there
            if k not in known and not idle:
                lines[k, mode] = (a[k], b[k])
                filled.append((k, mode))
    return tuple(filled)
