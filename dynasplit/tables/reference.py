"""The column layout that the reference system publishes its runs in (arXiv 2410.23881)."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dynasplit.core.errors import DataError

OURS = {
    "latency": "latency_ms",
    "energy": "energy_j",
    "avg energy edge (J)": "edge_energy_j",
    "avg energy cloud (J)": "cloud_energy_j",
    "avg latency edge (ms)": "edge_ms",
    "avg latency transfer (ms)": "transfer_ms",
    "avg latency cloud (ms)": "cloud_ms",
    "accuracy": "accuracy",
    "tensor size (KB)": "tensor_kb",
    "cpu-freq": "cpu_mhz",
    "layer": "split_point",
    "edge-accelerator": "edge_accelerator",
    "server-accelerator": "cloud_gpu",
}
UNUSED = (
    "avg energy cloud gpu (J)",
    "utilization cloud cpu (%)",
    "utilization cloud gpu (%)",
    "utilization edge cpu (%)",
)
_MARKS = ("cpu-freq", "layer", "latency")
_KNOBS = ("cpu_mhz", "edge_accelerator", "cloud_gpu")


def is_reference(table: pa.Table) -> bool:
    """True if a table has the reference system's columns."""
    return any(mark in table.column_names for mark in _MARKS)


def translate(table: pa.Table, path: Path) -> pa.Table:
    """The same rows under our columns' names; what we do not use is left out.

    Raises:
        DataError: a column is not of that layout, or one that it must have is missing.
    """
    names = [name for name in table.column_names if name]  # an index without a name
    unknown = [name for name in names if name not in OURS and name not in UNUSED]
    if unknown:
        allowed = ", ".join([*OURS, *UNUSED])
        raise DataError(f"{path}: unknown columns {unknown}; allowed in this layout: {allowed}")
    missing = [name for name in _MARKS if name not in names]
    if missing:
        raise DataError(f"{path}: columns {missing} are missing; found: {', '.join(names)}")
    kept = [theirs for theirs, ours in OURS.items() if theirs in names and ours not in _KNOBS]
    knobs = [theirs for theirs, ours in OURS.items() if theirs in names and ours in _KNOBS]
    renamed = [OURS[name] for name in [*kept, *knobs]]
    return table.select([*kept, *knobs]).rename_columns(renamed)
