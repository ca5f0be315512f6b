"""Configurations out of a table's columns, and into them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dynasplit.core.errors import DataError
from dynasplit.core.space import Configuration, KnobValue
from dynasplit.tables.columns import CONFIGURATION, KNOB_PREFIX, Column
from dynasplit.tables.reading import check_present, reject, to_array
from hosts.knobs.base import describe

_KNOWN = {c.name: c for c in CONFIGURATION if c.name != "split_point"}
_SPLIT_POINT = CONFIGURATION[0]


def knob_columns(names: Iterable[str]) -> list[str]:
    """The columns of a table that hold knobs, in the table's order."""
    return [name for name in names if name in _KNOWN or name.startswith(KNOB_PREFIX)]


def read_configurations(
    path: Path, table: pa.Table
) -> tuple[npt.NDArray[np.intp], tuple[Configuration, ...]]:
    """Each row's position (n,) among the distinct configurations, which keep their order."""
    points = to_array(path, table["split_point"], _SPLIT_POINT)
    check_present(path, points, _SPLIT_POINT)
    columns = knob_columns(table.column_names)
    values = [_knob_values(path, table[name], name) for name in columns]
    held = [(n, v) for n, v in zip(columns, values, strict=True) if v is not None]
    names = [n.removeprefix(KNOB_PREFIX) for n, _ in held]
    rows = zip(points.astype(int).tolist(), *(v for _, v in held), strict=True)
    known: dict[tuple[KnobValue, ...], int] = {}
    index = [known.setdefault(row, len(known)) for row in rows]
    configurations = tuple(
        Configuration(int(row[0]), tuple(zip(names, row[1:], strict=True))) for row in known
    )
    return np.array(index, dtype=np.intp), configurations


def group_without_numbers(
    index: npt.NDArray[np.intp], configurations: Sequence[Configuration]
) -> npt.NDArray[np.intp]:
    """Numbers (n,) of rows that differ in nothing but knobs with numbers (a frequency).

    The configurations are of one table: they have the same knobs, each with values of one type.
    """
    if not configurations:
        return index
    places = [i for i, (_, v) in enumerate(configurations[0].knobs) if not _is_number(v)]
    known: dict[tuple[KnobValue, ...], int] = {}
    numbers = [
        known.setdefault((c.split_point, *[c.knobs[i][1] for i in places]), len(known))
        for c in configurations
    ]
    return np.array(numbers, dtype=np.intp)[index]


def write_configurations(
    configurations: Sequence[Configuration],
) -> tuple[dict[str, list[KnobValue]], list[Column]]:
    """Columns of the split point and the knobs, and what is known of these columns.

    Raises:
        DataError: the configurations do not all have the same knobs.
    """
    names = [name for name, _ in configurations[0].knobs]
    for c in configurations:
        if [name for name, _ in c.knobs] != names:
            raise DataError(f"one table, one set of knobs: found {names}, and then {c}")
    columns: dict[str, list[KnobValue]] = {"split_point": [c.split_point for c in configurations]}
    known = [_SPLIT_POINT]
    for place, name in enumerate(names):
        column = name if name in _KNOWN else KNOB_PREFIX + name
        columns[column] = [c.knobs[place][1] for c in configurations]
        known.append(_KNOWN.get(name) or _foreign(column, columns[column]))
    return columns, known


def _foreign(name: str, values: Sequence[KnobValue]) -> Column:
    known = describe(name.removeprefix(KNOB_PREFIX))
    unit, meaning = known.unit, known.meaning
    if all(isinstance(v, bool) for v in values):
        return Column(name, unit, "bool", None, None, "every_row", meaning)
    if all(_is_number(v) for v in values):
        return Column(name, unit, "int", -1e12, 1e12, "every_row", meaning)
    return Column(name, unit, "text", None, None, "every_row", meaning)


def _is_number(value: KnobValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _knob_values(path: Path, values: pa.ChunkedArray, name: str) -> list[KnobValue] | None:
    """The values of a knob (n,), or None where the column is empty."""
    column = _KNOWN.get(name) or _foreign(name, [_parsed(v) for v in values.to_pylist()])
    array = to_array(path, values, column)
    if not check_present(path, array, column):
        return None
    if column.dtype == "int":
        return [int(v) for v in array.tolist()]
    if column.dtype == "text" and "" in (found := array.tolist()):
        reject(path, found.index(""), name, "an empty word", column.allowed)
    if column.dtype == "text":
        _check_words(path, array.tolist(), column)
    return list(array.tolist())


def _check_words(path: Path, words: Sequence[str], column: Column) -> None:
    """Refuse a number without a value among words: `inf`, `1e400`."""
    for row, word in enumerate(words):
        try:
            number = float(word)
        except ValueError:
            continue
        if not math.isfinite(number):
            reject(path, row, column.name, repr(word), "a word, or a finite number")


def _parsed(value: object) -> KnobValue:
    """The value of a foreign knob, from typed (parquet) or text (CSV) cells."""
    if isinstance(value, (bool, int)):
        return value
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else text
