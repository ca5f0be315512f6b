"""Detects mixed units in a table (ms and s, kHz and MHz)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from dynasplit.tables.reading import Array, Arrays, reject

# Frequencies, which move a latency most within a group, span a factor of 30 at most; a unit
# mistaken for another moves it by 1000.
_FAR = 150.0
# A part may be measured otherwise than the whole, but not by such a factor.
_PARTS_FAR = 20.0
_WATTS = (1e-3, 1e6)


def check_units(path: Path, columns: Arrays, group: npt.NDArray[np.intp]) -> None:
    """Raise for the first row whose figure differs from its like by what a unit would.

    Args:
        path: the file, for the message.
        columns: arrays (n,) by column name.
        group: rows of one number (n,) differ only in frequency or repeat.
    """
    for name in ("latency_ms", "energy_j", "edge_ms", "cloud_ms"):  # a transfer may stall
        if name in columns:
            _check_group(path, name, columns[name], group)
    _check_sum(path, columns, "latency_ms", ("edge_ms", "transfer_ms", "cloud_ms"))
    _check_sum(path, columns, "energy_j", ("edge_energy_j", "cloud_energy_j"))
    _check_power(path, columns)


def _check_group(path: Path, name: str, values: Array, group: npt.NDArray[np.intp]) -> None:
    filled = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    order = np.lexsort((filled, group))  # NaN sorts last
    present = np.bincount(group, weights=np.isfinite(filled)).astype(np.intp)
    starts = np.concatenate([[0], np.cumsum(np.bincount(group))[:-1]])
    middle = filled[order][starts + np.maximum(present - 1, 0) // 2][group]
    far = (filled > middle * _FAR) | (filled * _FAR < middle)
    if far.any():
        row = int(far.argmax())
        allowed = f"about {middle[row]:g}, as its like in other rows (are units mixed?)"
        reject(path, row, name, f"{values[row]:g}", allowed)


def _check_sum(path: Path, columns: Arrays, whole: str, parts: tuple[str, ...]) -> None:
    if whole not in columns or any(part not in columns for part in parts):
        return
    total = np.sum([columns[part] for part in parts], axis=0)
    far = (total > columns[whole] * _PARTS_FAR) | (
        (total * _PARTS_FAR < columns[whole]) & (total > 0)
    )
    if far.any():
        row = int(far.argmax())
        allowed = f"about {total[row]:g}, the sum of {', '.join(parts)} (are units mixed?)"
        reject(path, row, whole, f"{columns[whole][row]:g}", allowed)


def _check_power(path: Path, columns: Arrays) -> None:
    if "energy_j" not in columns:
        return
    watts = columns["energy_j"] / columns["latency_ms"] * 1000
    far = (watts < _WATTS[0]) | (watts > _WATTS[1])
    if far.any():
        row = int(far.argmax())
        found = f"{columns['energy_j'][row]:g} J in {columns['latency_ms'][row]:g} ms"
        allowed = f"{_WATTS[0]:g} to {_WATTS[1]:g} W (is a unit mistaken?)"
        reject(path, row, "energy_j", f"{found}, {watts[row]:g} W", allowed)
