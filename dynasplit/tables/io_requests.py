"""Reads and writes tables of served requests: a row for each request and policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import Attributed, ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.tables.columns import REQUESTS, family_columns, with_unit
from dynasplit.tables.families import (
    family_names,
    family_values,
    gathered,
    interval_columns,
)
from dynasplit.tables.files import arrow_table, check_facts, read_identity, write_arrow
from dynasplit.tables.knobs import read_configurations, write_configurations
from dynasplit.tables.reading import Array, check_names, check_present, read_file, reject, to_array

_COLUMNS = {c.name: c for c in REQUESTS}
_INTEGERS = {c.name for c in REQUESTS if c.dtype == "int"}
_OWN = ("request", "network", "policy", "threshold_ms", "infeasible")
_DERIVED = ("met", "exceedance_ms")
_ATTRIBUTED = tuple(field.name for field in fields(Attributed))
_MEASURED = tuple(c.name for c in REQUESTS if c.name in Measurement.__slots__ and c.name != "flags")


@dataclass(frozen=True, eq=False)
class RequestsTable:
    """Served requests as read from a file.

    Attributes:
        rows: in the file's order.
        model: the network of the front that served them.
        last_split_point: its last.
    """

    rows: list[ServedRequest]
    model: str | None
    last_split_point: int


def write_requests(
    path: Path, rows: Iterable[ServedRequest], *, model: str | None, last_split_point: int
) -> None:
    """Write a requests table; `path` ends in .parquet or .csv.

    Raises:
        DataError: there is no row. ResultsError: the file cannot be written.
    """
    rows = list(rows)
    if not rows:
        raise DataError(f"{path}: a table of requests needs at least one; found none")
    write_arrow(path, requests_table(rows, model=model, last_split_point=last_split_point))


def requests_table(
    rows: Sequence[ServedRequest], *, model: str | None, last_split_point: int
) -> pa.Table:
    """A requests table of at least one row in memory, as `write_requests` writes it."""
    columns: dict[str, Sequence[Any]] = {}
    for name in (*_OWN, *_DERIVED):
        columns[name] = [getattr(row, name) for row in rows]
    measured = [row.measurement for row in rows]
    for name in (*_MEASURED, *family_names(measured)):
        values = family_values(measured, name)
        if values.count(None) < len(values):
            columns[name] = values
    columns |= interval_columns(measured)
    for name in _ATTRIBUTED:
        joules = [None if r.attributed is None else getattr(r.attributed, name) for r in rows]
        if joules.count(None) < len(joules):
            columns[name] = joules
    columns["flags"] = [";".join(row.measurement.flags) or None for row in rows]
    configurations = [row.measurement.configuration for row in rows]
    return _in_columns(columns, configurations, model, last_split_point)


def write_request_columns(
    path: Path,
    columns: Mapping[str, Sequence[Any] | Array],
    configurations: Sequence[Configuration],
    *,
    model: str | None,
    last_split_point: int,
) -> None:
    """Write a requests table that is already in columns (n,); the configurations row by row."""
    write_arrow(path, _in_columns(columns, configurations, model, last_split_point))


def _in_columns(
    columns: Mapping[str, Sequence[Any] | Array],
    configurations: Sequence[Configuration],
    model: str | None,
    last_split_point: int,
) -> pa.Table:
    knobs, known = write_configurations(configurations)
    every = {**columns, **knobs}
    ordered = [name for name in _COLUMNS if name in every]
    foreign = [name for name in every if name not in _COLUMNS]
    return arrow_table(
        {name: every[name] for name in [*ordered, *foreign]},
        _COLUMNS | {c.name: c for c in known} | family_columns(every),
        {"kind": "requests", "model": model, "last_split_point": last_split_point},
    )


def read_requests(path: str | Path) -> RequestsTable:
    """Read a requests table back.

    Raises:
        DataError: what cannot be used, by file, data row (from 0) and column; a request that a
            policy serves twice.
    """
    path = Path(path)
    table = read_file(path)
    check_names(path, table.column_names, _COLUMNS)
    families = family_columns(table.column_names)
    check_facts(path, table, "requests", _COLUMNS | with_unit(families))
    model, last = read_identity(path, table, model=None, last_split_point=None)
    if last is None:
        raise DataError(f"{path}: column last_split_point is missing")
    index, configurations = read_configurations(path, table)
    columns: dict[str, list[Any]] = {}
    for name in (*_OWN, *_DERIVED, *_MEASURED, *_ATTRIBUTED, *families):
        if name in table.column_names:
            column = families.get(name) or _COLUMNS[name]
            array = to_array(path, table[name], column)
            if check_present(path, array, column):
                columns[name] = _natives(name, array)
    _check_distinct(path, columns["policy"], columns["request"])
    columns["flags"] = [tuple(str(v).split(";")) if v else () for v in _flags(table)]
    rows = [_served(configurations[i], columns, row) for row, i in enumerate(index.tolist())]
    _check_met(path, columns["met"], rows)
    return RequestsTable(rows, model, last)


def _served(
    configuration: Configuration, columns: Mapping[str, list[Any]], row: int
) -> ServedRequest:
    own = (*_OWN, *_DERIVED, *_ATTRIBUTED)
    shares = {name: columns[name][row] for name in _ATTRIBUTED if name in columns}
    known = any(joules is not None for joules in shares.values())
    measured = {name: values[row] for name, values in columns.items() if name not in own}
    measurement = Measurement(configuration=configuration, **gathered(measured))
    return ServedRequest(
        measurement=measurement,
        attributed=Attributed(**shares) if known else None,
        **{name: columns[name][row] for name in _OWN},
    )


def _natives(name: str, array: Array) -> list[Any]:
    if name in _INTEGERS:
        return [None if v != v else int(v) for v in array.tolist()]
    if array.dtype == np.float64:
        return [None if v != v else v for v in array.tolist()]
    return list(array.tolist())


def _flags(table: Any) -> list[str | None]:
    return (
        list(table["flags"].to_pylist()) if "flags" in table.column_names else [None] * len(table)
    )


def _check_distinct(path: Path, policies: Sequence[str], requests: Sequence[int]) -> None:
    seen: dict[tuple[str, int], int] = {}
    for row, key in enumerate(zip(policies, requests, strict=True)):
        if key in seen:
            found = f"request {key[1]} of policy {key[0]} again, first in row {seen[key]}"
            reject(path, row, "request", found, "each request once for each policy")
        seen[key] = row


def _check_met(path: Path, met: Sequence[bool], rows: Sequence[ServedRequest]) -> None:
    for row, (said, served) in enumerate(zip(met, rows, strict=True)):
        if said != served.met:
            found = f"{said} at {served.measurement.latency_ms:g} ms"
            reject(path, row, "met", found, f"met at up to {served.threshold_ms:g} ms")
