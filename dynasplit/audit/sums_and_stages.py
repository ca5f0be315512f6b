"""Checks of transfers, tails, sums, energy and quality."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from dynasplit.audit.findings import Finding, severity_of
from dynasplit.profile.link_and_cloud import fit_link
from dynasplit.profile.powers import Spent, fit_edge_powers
from dynasplit.profile.run_medians import Figures
from dynasplit.tables import RunsTable

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
_TRANSFER, _CLOUD, _ENERGY, _SUM, _QUALITY = 0.25, 0.15, 0.15, 0.02, 0.02
_FEW, _ENOUGH = 4, 12


def check_transfers(runs: RunsTable, rows: Rows) -> list[Finding]:
    """`transfer`: against the link's line over the tensors' sizes."""
    if not (runs.has("transfer_ms") and runs.has("tensor_kb")):
        return []
    found, kb = runs.columns["transfer_ms"], runs.columns["tensor_kb"]
    sent = found > 0
    if sent.sum() < _FEW or len(np.unique(kb[sent])) < 2:
        return []
    base, per_kb = fit_link(kb[sent], found[sent])
    expected = np.where(sent, base + per_kb * kb, np.nan)
    return _compare("transfer", "transfer_ms", runs, rows, expected, _TRANSFER)


def check_tails(runs: RunsTable, rows: Rows) -> list[Finding]:
    """`cloud`: against the other runs of the split point, on the GPU or not."""
    if not runs.has("cloud_ms"):
        return []
    cells = [(c.split_point, c.cloud_gpu) for c in runs.configurations]
    expected = _medians_of_others(runs, "cloud_ms", cells, least=3)
    return _compare("cloud", "cloud_ms", runs, rows, expected, _CLOUD)


def check_sums(runs: RunsTable, rows: Rows) -> list[Finding]:
    """`sum`: the parts against the whole.

    Latencies are medians over a window, which may miss each other by as much as it spreads.
    """
    found = []
    spread_ms = np.zeros(len(runs))
    if runs.has("latency_spread_ms"):
        spread_ms = np.nan_to_num(runs.columns["latency_spread_ms"])
    for whole, parts in (
        ("latency_ms", ("edge_ms", "transfer_ms", "cloud_ms")),
        ("energy_j", ("edge_energy_j", "cloud_energy_j")),
    ):
        if runs.has(whole) and all(runs.has(part) for part in parts):
            total = np.sum([runs.columns[part] for part in parts], axis=0)
            for row in rows.tolist():
                expected, said = float(total[row]), float(runs.columns[whole][row])
                room = float(spread_ms[row]) if whole == "latency_ms" else 0.0
                if abs(said - expected) > max(_SUM * said, room):
                    severity = severity_of(said - expected, said)
                    found.append(Finding(row, "sum", expected, said, severity, whole))
    return found


def check_energy(runs: RunsTable, rows: Rows) -> list[Finding]:
    """`energy`: each host's against its times, at the power that the other runs draw."""
    needed = ("edge_energy_j", "cloud_energy_j", "edge_ms", "transfer_ms", "cloud_ms", "tensor_kb")
    if len(runs) < _ENOUGH or not all(runs.has(name) for name in needed):
        return []
    return [*_check_edge_energy(runs, rows), *_check_cloud_energy(runs, rows)]


def _check_edge_energy(runs: RunsTable, rows: Rows) -> list[Finding]:
    figures = Figures.of(runs)
    waiting_ms = figures.transfer_ms + figures.cloud_ms
    spent = {}
    for mode in dict.fromkeys(figures.modes):
        at = figures.of_mode(mode)
        parts = (figures.ghz, figures.edge_ms, waiting_ms, figures.edge_energy_j)
        spent[mode] = Spent(*(part[at] for part in parts))
    active, waiting = fit_edge_powers(spent)
    ghz, modes = figures.ghz[runs.index], [figures.modes[i] for i in runs.index.tolist()]
    watts = np.array([(*active[mode], *waiting[mode]) for mode in modes])
    computing_ms = runs.columns["edge_ms"]
    rest_ms = runs.columns["transfer_ms"] + runs.columns["cloud_ms"]
    expected = (watts[:, 0] + watts[:, 1] * ghz) * computing_ms
    expected += (watts[:, 2] + watts[:, 3] * ghz) * rest_ms
    return _compare("energy", "edge_energy_j", runs, rows, expected / 1000, _ENERGY)


def _check_cloud_energy(runs: RunsTable, rows: Rows) -> list[Finding]:
    cloud_ms, found = runs.columns["cloud_ms"], runs.columns["cloud_energy_j"]
    gpu = np.array([c.cloud_gpu for c in runs.configurations])[runs.index]
    expected = np.full(len(runs), np.nan)
    for value in (True, False):
        at = (gpu == value) & (cloud_ms > 0) & (found > 0)
        if at.sum() >= _FEW:
            watts = np.median(found[at] / cloud_ms[at])
            expected[at] = watts * cloud_ms[at]
    return _compare("energy", "cloud_energy_j", runs, rows, expected, _ENERGY)


def check_quality(runs: RunsTable, rows: Rows) -> list[Finding]:
    """`quality`: against the other runs of the same head and tail."""
    name = runs.quality
    if name is None:
        return []
    cells = [(c.split_point, c.edge_accelerator) for c in runs.configurations]
    expected = _medians_of_others(runs, name, cells, least=2)
    found = []
    for row in rows.tolist():
        said = float(runs.columns[name][row])
        if abs(said - expected[row]) > _QUALITY:
            found.append(Finding(row, "quality", float(expected[row]), said, "medium", name))
    return found


def _medians_of_others(
    runs: RunsTable, column: str, cells: Sequence[Hashable], least: int
) -> Floats:
    """For each row (n,) the median of its cell's other rows; NaN where they are fewer than that."""
    numbers: dict[Hashable, int] = {}
    of_configuration = np.array([numbers.setdefault(cell, len(numbers)) for cell in cells])
    of_row = of_configuration[runs.index]
    values = runs.columns[column]
    expected = np.full(len(runs), np.nan)
    for number in range(len(numbers)):
        at = np.flatnonzero(of_row == number)
        if len(at) > least:
            ordered = np.sort(values[at])
            places = np.searchsorted(ordered, values[at])
            expected[at] = [_median_without(ordered, place) for place in places.tolist()]
    return expected


def _median_without(ordered: Floats, place: int) -> float:
    """The median of ascending values, one left out."""
    rest = len(ordered) - 1
    low, high = (rest - 1) // 2, rest // 2
    return float(ordered[low + (low >= place)] + ordered[high + (high >= place)]) / 2


def _compare(
    check: str, column: str, runs: RunsTable, rows: Rows, expected: Floats, tolerance: float
) -> list[Finding]:
    """Findings where a figure and what is expected of it (n,) differ by more than usual."""
    values = runs.columns[column]
    there = (values > 0) & (expected > 0)
    deviations = np.full(len(values), np.nan)
    deviations[there] = np.log(values[there] / expected[there])
    if not there.any():
        return []
    spread = 1.4826 * float(np.nanmedian(np.abs(deviations)))
    whole = runs.columns["energy_j" if column.endswith("_j") else "latency_ms"]
    found = []
    for row in rows.tolist():
        if abs(deviations[row]) > max(tolerance, 6 * spread):
            severity = severity_of(values[row] - expected[row], whole[row])
            found.append(
                Finding(row, check, float(expected[row]), float(values[row]), severity, column)
            )
    return found
