"""Reading and writing runs and requests tables; the identity of a table is checked on reading."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dynasplit.core.errors import DataError, ResultsError
from dynasplit.tables.columns import IDENTITY, Column
from dynasplit.tables.reading import Array, check_present, reject, to_array

VERSION = "1"
_MODEL, _LAST = IDENTITY


def arrow_table(
    columns: Mapping[str, Sequence[Any] | Array],
    known: Mapping[str, Column],
    facts: Mapping[str, Any],
) -> pa.Table:
    """A table in memory, as it is written.

    Args:
        columns: name to values (n,); NaN and None are absent.
        known: what each column means; its unit goes along with it.
        facts: `kind` (`runs` or `requests`), `model` (None: not known) and `last_split_point`.
    """
    count = len(next(iter(columns.values())))
    told = {name: value for name, value in facts.items() if value is not None}
    ordered = ("model", "last_split_point")
    identity = {name: [told[name]] * count for name in ordered if name in told}
    every: dict[str, Sequence[Any] | Array] = {**identity, **columns}
    fields = [_field(known[name]) for name in every]
    arrays = [
        pa.array(values, type=f.type, from_pandas=True)
        for values, f in zip(every.values(), fields, strict=True)
    ]
    metadata = {f"dynasplit.{name}": str(value) for name, value in told.items()}
    metadata["dynasplit.version"] = VERSION
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


def write_arrow(path: Path, table: pa.Table) -> None:
    """Write a table's file, by the ending of its name; it is complete or not there.

    Raises:
        ResultsError: the file cannot be written.
    """
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    draft = _draft_of(path)
    write = csv.write_csv if path.suffix.lower() == ".csv" else pq.write_table
    try:
        with draft.open("wb") as file:  # by its path, the library might take it for an address
            write(table, file)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ResultsError(f"{path} cannot be written: {error}") from error


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


_TYPES = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}


def _field(column: Column) -> pa.Field:
    about = {"unit": column.unit, "meaning": column.meaning}
    return pa.field(column.name, _TYPES[column.dtype], metadata=about)


def check_facts(path: Path, table: pa.Table, kind: str, known: Mapping[str, Column]) -> None:
    """Refuse a table of another kind or version, or columns whose stated unit is another."""
    facts = table.schema.metadata or {}
    for name, expected in (("kind", kind), ("version", VERSION)):
        found = facts.get(f"dynasplit.{name}".encode(), expected.encode()).decode(errors="replace")
        if found != expected:
            raise DataError(f"{path}: {name} is {found!r}; allowed: {expected!r}")
    for entry in table.schema:
        unit = (entry.metadata or {}).get(b"unit")
        said = None if unit is None else unit.decode(errors="replace")
        if said is not None and entry.name in known and said != known[entry.name].unit:
            reject(path, None, entry.name, f"unit {said}", f"{known[entry.name].unit}")


def read_identity(
    path: Path, table: pa.Table, *, model: str | None, last_split_point: int | None
) -> tuple[str | None, int | None]:
    """The network and the last split point, where columns, metadata and caller agree.

    Args:
        path: the file, for messages.
        table: with or without the identity's columns.
        model: what the caller says, or None.
        last_split_point: likewise.

    Raises:
        DataError: two of them differ.
    """
    facts = table.schema.metadata or {}
    known_model = facts.get(b"dynasplit.model", b"").decode(errors="replace")
    known_last = facts.get(b"dynasplit.last_split_point", b"").decode(errors="replace")
    if known_last and not (known_last.isascii() and known_last.isdigit() and len(known_last) < 13):
        raise DataError(
            f"{path}: metadata dynasplit.last_split_point is {known_last!r}; allowed: "
            f"{_LAST.allowed}"
        )
    found_model = _constant(path, table, _MODEL, known_model or None)
    found_last = _constant(path, table, _LAST, float(known_last) if known_last else None)
    if model is not None and found_model is not None and model != found_model:
        raise DataError(f"{path}: holds runs of {found_model!r}; asked for: {model!r}")
    if last_split_point is not None and found_last not in (None, last_split_point):
        raise DataError(
            f"{path}: the last split point is {found_last:g}; asked for: {last_split_point}"
        )
    last = last_split_point if found_last is None else int(found_last)
    return model or found_model, last


def _constant(path: Path, table: pa.Table, column: Column, stated: Any) -> Any:
    """The value that a column has in every row and the metadata has; None: neither has one."""
    if column.name not in table.column_names:
        return stated
    array = to_array(path, table[column.name], column)
    if not check_present(path, array, column):
        return stated
    first = stated if stated is not None else array[0]
    differing = array != first
    if differing.any():
        row = int(differing.argmax())
        reject(path, row, column.name, f"{array[row]}", f"{first} in every row: one network")
    return first
