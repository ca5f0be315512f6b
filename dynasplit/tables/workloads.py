"""Reads workload files: the layout `Index,Network,Latency` of the reference system."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dynasplit.tables.columns import BIG_MS, Column
from dynasplit.tables.reading import Array, check_names, check_present, read_file, reject, to_array

WORKLOAD: tuple[Column, ...] = (
    Column("Index", "", "int", 0, 1e15, "always", "the request's number"),
    Column("Network", "", "text", None, None, "always", "the network that it asks for"),
    Column("Latency", "ms", "float", 1e-6, BIG_MS, "always", "the latency that it allows"),
)


def read_columns(path: Path) -> tuple[Array, Array, Array]:
    """Index, network and threshold in ms of each request (n,), checked.

    Raises:
        DataError: what cannot be used, by file, data row (from 0) and column.
    """
    table = read_file(path)
    known = {c.name: c for c in WORKLOAD}
    check_names(path, table.column_names, known)
    columns = {name: to_array(path, table[name], column) for name, column in known.items()}
    for name, array in columns.items():
        check_present(path, array, known[name])
    index, networks = columns["Index"], columns["Network"]
    _check_distinct(path, index, networks)
    return index, networks, columns["Latency"]


def _check_distinct(path: Path, index: Array, networks: Array) -> None:
    _, codes = np.unique(networks, return_inverse=True)
    order = np.lexsort((index, codes))
    same = (np.diff(index[order]) == 0) & (np.diff(codes[order]) == 0)
    if same.any():
        place = int(same.argmax())
        first, again = sorted(order[place : place + 2].tolist())
        found = f"{index[again]:g} again, first in row {first}"
        reject(path, again, "Index", found, "each request's number once for each network")
