"""Checks of the head's time against the CPU frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dynasplit.audit.findings import Finding, severity_of
from dynasplit.profile.heads import Heads, fit_heads
from dynasplit.profile.lines import Line
from dynasplit.profile.run_medians import Figures
from dynasplit.tables import RunsTable

TOLERANCE = 0.10
# A stalled loader or a busy CPU makes a head slower; only another clock makes it faster.
_FAST_MATCH, _SLOW_MATCH = 0.07, 0.02
_SLOW_LEAST, _SLOW_SHARE = 0.25, 0.8
_LEAST_FREQUENCIES, _LEAST_OTHERS = 3, 4


def check_heads(runs: RunsTable, rows: npt.NDArray[np.intp]) -> list[Finding]:
    """`frequency` and `edge` for some rows of a table.

    Where a split point and mode was measured at three frequencies and four times besides, its
    time is compared with the robust line through them; else with the bounds that any a / f + b
    keeps.
    """
    if not all(runs.has(name) for name in ("edge_ms", "transfer_ms", "cloud_ms", "tensor_kb")):
        return []
    figures = Figures.of(runs)
    heads = fit_heads(figures, runs.last_split_point)
    spread = _spread(figures, heads)
    found = []
    for row in rows.tolist():
        finding = _check(runs, row, heads, figures, max(TOLERANCE, 6 * spread))
        if finding is not None:
            found.append(finding)
    return found


def _spread(figures: Figures, heads: Heads) -> float:
    """The robust standard deviation of configurations around their lines."""
    cells = zip(figures.split_points.tolist(), figures.modes, strict=True)
    lines = np.array([heads.lines[cell] for cell in cells])
    expected = lines[:, 0] / figures.ghz + lines[:, 1]
    return 1.4826 * float(np.median(np.abs(np.log(figures.edge_ms / np.maximum(expected, 1e-9)))))


def _check(
    runs: RunsTable, row: int, heads: Heads, figures: Figures, tolerance: float
) -> Finding | None:
    position = int(runs.index[row])
    k, mode = int(figures.split_points[position]), figures.modes[position]
    ghz, found_ms = float(figures.ghz[position]), float(runs.columns["edge_ms"][row])
    latency_ms = float(runs.columns["latency_ms"][row])
    cell = (figures.split_points == k) & figures.of_mode(mode)
    if len(np.unique(figures.ghz[cell])) < _LEAST_FREQUENCIES or cell.sum() <= _LEAST_OTHERS:
        return _check_bounds(row, found_ms, latency_ms, ghz, figures, cell)
    line = heads.lines[k, mode]
    expected_ms = line[0] / ghz + line[1]
    deviation = float(np.log(max(found_ms, 1e-9) / expected_ms))
    if abs(deviation) < tolerance or abs(found_ms - expected_ms) < 0.02 * latency_ms:
        return None
    others = [f for f in np.unique(figures.ghz).tolist() if f != ghz]
    name = "frequency" if _is_other_clock(found_ms, deviation, line, ghz, mode, others) else "edge"
    severity = severity_of(found_ms - expected_ms, latency_ms)
    return Finding(row, name, expected_ms, found_ms, severity, "edge_ms")


def _is_other_clock(
    found_ms: float, deviation: float, line: Line, ghz: float, mode: str, others: list[float]
) -> bool:
    a, b = line
    misses = [abs(float(np.log(found_ms / (a / f + b)))) for f in others]
    nearest = min(misses, default=np.inf)
    if deviation < 0:
        return nearest < _FAST_MATCH
    share = a / ghz / (a / ghz + b)
    return (
        mode == "off" and nearest < _SLOW_MATCH and deviation > _SLOW_LEAST and share > _SLOW_SHARE
    )


def _check_bounds(
    row: int,
    found_ms: float,
    latency_ms: float,
    ghz: float,
    figures: Figures,
    cell: npt.NDArray[np.bool_],
) -> Finding | None:
    """Any a / f + b with a, b >= 0 changes at most by the ratio of the frequencies."""
    other = cell & (figures.ghz != ghz)
    if not other.any():
        return None
    other_ms, ratios = figures.edge_ms[other], figures.ghz[other] / ghz
    lows, highs = np.minimum(other_ms, other_ms * ratios), np.maximum(other_ms, other_ms * ratios)
    expected_ms = float(np.median(np.clip(found_ms, lows, highs)))
    if abs(float(np.log(max(found_ms, 1e-9) / expected_ms))) < TOLERANCE:
        return None
    severity = severity_of(found_ms - expected_ms, latency_ms)
    return Finding(row, "frequency", expected_ms, found_ms, severity, "edge_ms")
