"""Tables as DataFrames that keep their types: whole numbers stay whole, what is absent is NA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from dynasplit.core.errors import DataError
from dynasplit.tables.columns import REQUESTS, RUNS, Column, Kind
from dynasplit.tables.files import check_facts
from dynasplit.tables.reading import read_file

TEXT = pd.StringDtype(na_value=pd.NA)
DTYPES: Mapping[Kind, Any] = {
    "int": pd.Int64Dtype(),
    "float": pd.Float64Dtype(),
    "bool": pd.BooleanDtype(),
    "text": TEXT,
}
_KNOWN: Mapping[str, Mapping[str, Column]] = {
    kind: {c.name: c for c in columns} for kind, columns in (("runs", RUNS), ("requests", REQUESTS))
}


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table in memory as a DataFrame of types that know what is absent."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=_dtype, ignore_metadata=True)
    return frame


def read_frame(path: Path, kind: str) -> pd.DataFrame:
    """A table's file as a DataFrame, with whatever columns its version has.

    Args:
        path: a .parquet file.
        kind: `runs` or `requests`.

    Raises:
        DataError: it cannot be read, or is of another kind or a version to come.
    """
    table = read_file(path)
    check_facts(path, table, kind, _KNOWN[kind])
    return frame_of(table)


def empty_frame(kind: str) -> pd.DataFrame:
    """The columns of a table that has no row yet."""
    columns = {name: pd.Series(dtype=DTYPES[c.dtype]) for name, c in _KNOWN[kind].items()}
    return pd.DataFrame(columns)


def frame_of_rows(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of plain values as a DataFrame; a column's type is that of the values it has."""
    rows = list(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: series_of([row.get(name) for row in rows]) for name in names})


def series_of(values: Sequence[Any]) -> pd.Series[Any]:
    """Plain values as a column; None is NA, and what is of several types becomes text.

    Args:
        values: numbers, words, or true and false.
    """
    found = {type(v) for v in values if v is not None}
    kinds: dict[frozenset[type], Kind] = {
        frozenset(): "float",
        frozenset([float]): "float",
        frozenset([int, float]): "float",
        frozenset([int]): "int",
        frozenset([bool]): "bool",
    }
    kind = kinds.get(frozenset(found), "text")
    plain = [v if v is None or kind != "text" else str(v) for v in values]
    series: pd.Series[Any] = pd.Series(plain, dtype=DTYPES[kind])
    return series


def _dtype(kind: pa.DataType) -> Any:
    types = pa.types
    if types.is_integer(kind):
        return DTYPES["int"]
    if types.is_floating(kind) or types.is_null(kind):
        return DTYPES["float"]
    if types.is_boolean(kind):
        return DTYPES["bool"]
    return TEXT


def check_selection(asked: Mapping[str, Any], frame: pd.DataFrame, what: str) -> None:
    """Refuse to select by columns that are not there.

    Raises:
        DataError: the first of them, and those that there are.
    """
    for name in asked:
        if name not in frame.columns:
            raise DataError(
                f"{what} cannot be selected by {name}; allowed: {', '.join(frame.columns)}"
            )
