"""Reads parquet and CSV files into checked arrays, with exact error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dynasplit.core.errors import DataError
from dynasplit.tables.cells import check_cells, is_prefixed
from dynasplit.tables.columns import Column

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
_FEW_ROWS = 10_000  # so many are read sooner than threads are started
_BOOLEANS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def read_file(path: Path) -> pa.Table:
    """A parquet file with its types, or a CSV file with every column as text.

    Raises:
        DataError: no such file, empty, truncated, or of another format.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; a table is a .parquet or a .csv file")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; expected a header and at least one row")
    try:
        table = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    except UnicodeDecodeError as error:
        found = f"byte {error.object[error.start]:#04x} in place {error.start}"
        raise DataError(
            f"{path}: found {found}, which is no UTF-8; allowed: text in UTF-8"
        ) from None
    except (pa.ArrowException, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise DataError(f"{path}: truncated, or not a table: {first_line}") from error
    if table.num_rows == 0:
        raise DataError(f"{path}: no rows; found only the columns {table.column_names}")
    check_cells(path, table)
    return table


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with path.open("rb") as file:  # by its path, the library might take it for an address
        table = pq.ParquetFile(file)
        return table.read(use_threads=table.metadata.num_rows > _FEW_ROWS)


def _read_csv(path: Path) -> pa.Table:
    from pyarrow import csv

    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(_csv_rows(lines))
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}: columns {twice} occur more than once in the header")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=["", "NaN", "nan", "NA", "null", "None"],
    )
    with path.open("rb") as file:
        return csv.read_csv(file, convert_options=options)


def _csv_rows(lines: Iterable[str]) -> Any:
    import csv

    return csv.reader(lines)


def reject(path: Path, row: int | None, column: str, found: object, allowed: str) -> NoReturn:
    """Raise the error that says which file, data row (from 0) and column is wrong, and how."""
    where = f"{path}" + (f", row {row}" if row is not None else "") + f", column {column}"
    raise DataError(f"{where}: found {found}; allowed: {allowed}")


def check_names(
    path: Path, names: Iterable[str], columns: Mapping[str, Column], extra: Iterable[str] = ()
) -> None:
    """Refuse unknown and missing columns, with the nearest known name."""
    known = [*columns, *extra]
    names = list(names)
    for name in names:
        if name in known or is_prefixed(path, name, names):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}? A unit is part of a column's name" if near else ""
        raise DataError(f"{path}: unknown column {name!r}; allowed: {', '.join(known)}{hint}")
    missing = [c.name for c in columns.values() if c.required == "always" and c.name not in names]
    if missing:
        raise DataError(f"{path}: columns {missing} are missing; found: {', '.join(names)}")


def to_array(path: Path, values: pa.ChunkedArray, column: Column) -> Array:
    """One column as an array (n,), checked: type, unit, range, missing values.

    Returns:
        float64 for numbers (NaN: absent), bool, or objects of str (None: absent).
    """
    array = _converted(path, values, column)
    if column.dtype in ("int", "float"):
        _check_range(path, array, column)
    return array


def is_absent(array: Array) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the absent values of a column."""
    if array.dtype == object:
        return np.array([value is None for value in array], dtype=bool)
    return np.isnan(array) if array.dtype == np.float64 else np.zeros(len(array), dtype=bool)


def check_present(path: Path, array: Array, column: Column) -> bool:
    """True if a column has values; an error where a required value is absent."""
    absent = is_absent(array)
    if not absent.any():
        return True
    if column.required == "any" or (column.required == "every_row" and absent.all()):
        return not bool(absent.all())
    rule = "in every row" if column.required == "always" else "in every row, or in none"
    reject(path, int(absent.argmax()), column.name, "no value", f"{column.allowed}, {rule}")


def _converted(path: Path, values: pa.ChunkedArray, column: Column) -> Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), None if column.dtype == "text" else np.nan)
    if column.dtype == "text":
        return _words(values)
    if column.dtype == "bool":
        return _booleans(path, values, column)
    if pa.types.is_boolean(kind):
        reject(path, None, column.name, "true/false", column.allowed)
    return _numbers(path, values, column)


def _words(values: pa.ChunkedArray) -> Array:
    encoded = pc.dictionary_encode(values, null_encoding="encode").combine_chunks()
    words = [None if v is None else str(v).strip() for v in encoded.dictionary.to_pylist()]
    found: Array = np.empty(len(words), dtype=object)
    found[:] = words
    return np.asarray(found[encoded.indices.to_numpy()])


def _booleans(path: Path, values: pa.ChunkedArray, column: Column) -> Array:
    if pa.types.is_boolean(values.type) and values.null_count == 0:
        return np.asarray(values.to_numpy(), dtype=bool)
    found = values.to_pylist()
    result = [_BOOLEANS.get(str(v).strip().lower()) for v in found]
    if None in result:
        row = result.index(None)
        shown = "no value" if found[row] is None else repr(found[row])
        reject(path, row, column.name, shown, column.allowed)
    return np.array(result, dtype=bool)


def _numbers(path: Path, values: pa.ChunkedArray, column: Column) -> Array:
    try:
        numbers = pc.cast(values, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        for row, value in enumerate(values.to_pylist()):
            try:
                float(str(value)) if value is not None else None
            except ValueError:
                reject(path, row, column.name, repr(value), column.allowed)
        numbers = pa.chunked_array([[None if v is None else float(v) for v in values.to_pylist()]])
    return np.asarray(numbers.to_numpy(), dtype=np.float64)


def _check_range(path: Path, array: Array, column: Column) -> None:
    least = -np.inf if column.least is None else column.least
    most = np.inf if column.most is None else column.most
    wrong = (array < least) | (array > most)  # NaN (absent) is neither
    if column.dtype == "int":
        wrong |= np.isfinite(array) & (array != np.floor(array))
    if wrong.any():
        row = int(wrong.argmax())
        reject(path, row, column.name, f"{array[row]:g}", column.allowed)
