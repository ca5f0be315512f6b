"""What the cells and the names of any table must be, whatever its columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from dynasplit.core.errors import DataError
from dynasplit.tables.columns import FAMILIES, KNOB_PREFIX

_PREFIXES = (KNOB_PREFIX, *FAMILIES.values())
_SPLIT_POINT = "split_point"


def check_cells(path: Path, table: pa.Table) -> None:
    """Refuse columns that occur twice, cells that are no single value, and text that is none.

    Raises:
        DataError: file, column, found, allowed.
    """
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: columns {twice} occur more than once")
    for name in names:
        kind = table[name].type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if not _is_plain(kind):
            raise DataError(
                f"{path}, column {name}: found cells of type {kind}; allowed: numbers, words, or "
                "true and false"
            )
        try:
            table[name].validate(full=True)
        except pa.ArrowInvalid as error:
            raise DataError(
                f"{path}, column {name}: found cells that are damaged, or no UTF-8 ({error}); "
                "allowed: text in UTF-8"
            ) from error


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(number or text or types.is_boolean(kind) or types.is_null(kind))


def is_prefixed(path: Path, name: str, names: Sequence[str]) -> bool:
    """True if a column holds a knob, a channel or a condition, by its name.

    Raises:
        DataError: it has no name behind the prefix, or one that the table has already.
    """
    prefix = next((p for p in _PREFIXES if name.startswith(p)), None)
    if prefix is None:
        return False
    rest = name.removeprefix(prefix)
    if not rest or rest != rest.strip() or not rest.isprintable():
        raise DataError(
            f"{path}: found column {name!r}; allowed: a name after {prefix}, like {prefix}fan_rpm"
        )
    if prefix == KNOB_PREFIX and (rest == _SPLIT_POINT or rest in names):
        raise DataError(
            f"{path}: found columns {name!r} and {rest!r}; allowed: one column for each knob"
        )
    return True
