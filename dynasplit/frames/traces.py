"""The power traces of a run's windows, found by what was measured in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dynasplit.core.errors import DataError
from dynasplit.frames.columns import DTYPES, TEXT, check_selection, frame_of, series_of
from dynasplit.tables.columns import KNOB_PREFIX

_FILE, _SHOWN = "file", 3


def read_traces(folder: Path, names: Sequence[str], selected: Mapping[str, Any]) -> pd.DataFrame:
    """The traces of the windows that are selected.

    Args:
        folder: of the traces.
        names: columns among which those of the knobs are.
        selected: column to value.

    Raises:
        DataError: there are no traces, or none of such windows.
    """
    windows = pd.DataFrame(_windows(folder, names), dtype=TEXT)
    if windows.empty:
        raise DataError(
            f"{folder}: no traces; hosts over SSH leave them, modelled and recorded ones have none"
        )
    check_selection(selected, windows, "traces")
    fits = pd.Series(True, index=windows.index)
    for name, value in selected.items():
        fits &= (windows[name] == str(value)).fillna(False).astype(bool)
    chosen = windows[fits]
    if chosen.empty:
        there = "; ".join(p.removesuffix(".parquet") for p in windows[_FILE][:_SHOWN])
        raise DataError(f"{folder}: no window with {dict(selected)}; there are, say, {there}")
    readings = [_read(folder / name) for name in chosen[_FILE]]
    places = np.repeat(np.arange(len(readings)), [len(one) for one in readings])
    about = _typed(chosen).iloc[places].reset_index(drop=True)
    return pd.concat([about, pd.concat(readings, ignore_index=True)], axis=1)


def _read(path: Path) -> pd.DataFrame:
    """One window's readings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            return frame_of(pq.ParquetFile(file).read())
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _typed(windows: pd.DataFrame) -> pd.DataFrame:
    """What was measured in windows, in the types that other tables have it in."""
    told = {n: series_of([_native(v) for v in windows[n]]) for n in windows if n != _FILE}
    fixed = {"policy": DTYPES["text"], "request": DTYPES["int"]}
    return pd.DataFrame(told).astype(fixed)


def _native(value: Any) -> Any:
    """A word of a file's name as the value that it stands for."""
    if value is None or value is pd.NA:
        return None
    if value in ("True", "False"):
        return value == "True"
    return int(value) if re.fullmatch(r"-?\d+", value) else value


def _windows(folder: Path, names: Sequence[str]) -> Iterator[dict[str, str | None]]:
    """What the names of the files say, and the files' names."""
    knobs = "|".join(re.escape(name.removeprefix(KNOB_PREFIX)) for name in names)
    whole = re.compile(
        rf"split_point=(\d+)((?:_(?:{knobs})=.+?)*)_(\d+)(?:_control|_([a-z]\w*?)_(\d+))?"
    )
    one = re.compile(rf"_({knobs})=")
    for path in sorted(folder.glob("*.parquet")):
        found = whole.fullmatch(path.stem)
        if found is None:
            continue
        point, told, repeat, policy, request = found.groups()
        parts = one.split(told)[1:]
        yield {
            "split_point": point,
            **dict(zip(parts[::2], parts[1::2], strict=True)),
            "repeat": repeat,
            "policy": policy,
            "request": request,
            _FILE: path.name,
        }
