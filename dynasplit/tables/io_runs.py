"""Reads and writes runs tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dynasplit.accounting import DEFAULT, named
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import REALITY, Source
from dynasplit.core.right_images import FORM_WORDS, is_packed
from dynasplit.tables import reference
from dynasplit.tables.columns import BIG_MS, RUNS, family_columns, with_unit
from dynasplit.tables.families import interval_columns
from dynasplit.tables.files import arrow_table, check_facts, read_identity, write_arrow
from dynasplit.tables.knobs import group_without_numbers, read_configurations, write_configurations
from dynasplit.tables.plausible import check_units
from dynasplit.tables.reading import Arrays, check_names, check_present, read_file, reject, to_array
from dynasplit.tables.runs import FIGURES, TEXTS, RunsTable, one_accounting

_COLUMNS = {c.name: c for c in RUNS}


def read_runs(
    path: str | Path, *, model: str | None = None, last_split_point: int | None = None
) -> RunsTable:
    """Read a table of runs: parquet, CSV, or the reference system's layout.

    Args:
        path: the file.
        model: the network that it has to be of; None: what the table says.
        last_split_point: the network's; None: what the table says. Where it does not say it,
            the split point after which nothing is sent.

    Raises:
        DataError: what cannot be used, by file, data row (from 0) and column.
    """
    path = Path(path)
    raw = read_file(path)
    table = reference.translate(raw, path) if reference.is_reference(raw) else raw
    check_names(path, table.column_names, _COLUMNS)
    check_facts(path, table, "runs", _COLUMNS | with_unit(family_columns(table.column_names)))
    columns = _figures(path, table)
    index, configurations = read_configurations(path, table)
    check_units(path, columns, group_without_numbers(index, configurations))
    name, last = read_identity(path, table, model=model, last_split_point=last_split_point)
    points = np.array([c.split_point for c in configurations], dtype=np.intp)[index]
    if last is None:
        last, notes = infer_last_split_point(columns, points)
    else:
        notes = []
    if points.max() > last:
        row = int((points > last).argmax())
        reject(path, row, "split_point", f"{points[row]}", f"0 to {last}, the last split point")
    notes += _number_repeats(columns, index)
    return RunsTable(
        columns=columns,
        configurations=configurations,
        index=index,
        model=name,
        last_split_point=last,
        sources=_sources(path, table),
        flags=_flags(table),
        modes=_modes(path, table),
        rights=_rights(path, table),
        inferences=_inferences(path, table),
        texts=_texts(path, table),
        accounting=_accounting(path, table),
        path=path,
        notes=tuple(notes),
    )


def write_runs(
    path: Path, measurements: Iterable[Measurement], *, model: str | None, last_split_point: int
) -> None:
    """Write a runs table; `path` ends in .parquet or .csv.

    Raises:
        DataError: there is no measurement, or they have different knobs.
        ResultsError: the file cannot be written.
    """
    write_arrow(path, runs_table(measurements, model=model, last_split_point=last_split_point))


def runs_table(
    measurements: Iterable[Measurement], *, model: str | None, last_split_point: int
) -> pa.Table:
    """A runs table in memory, as `write_runs` writes it.

    Raises:
        DataError: there is no measurement, or they have different knobs.
    """
    runs = list(measurements)
    table = RunsTable.of(runs, model=model, last_split_point=last_split_point)
    knobs, known = write_configurations([m.configuration for m in runs])
    columns: dict[str, Any] = {
        **knobs,
        **table.columns,
        **interval_columns(runs),
        "source": list(table.sources),
        "flags": [";".join(flags) or None for flags in table.flags],
    }
    if table.accounting != DEFAULT:
        columns["accounting"] = [table.accounting] * len(table)
    if table.modes and any(table.modes):
        columns["mode"] = list(table.modes)
    columns.update((name, list(texts)) for name, texts in table.texts.items() if any(texts))
    if table.rights and any(table.rights):
        columns["right"] = list(table.rights)
    if table.inferences and any(table.inferences):
        columns["inference_ms"] = [
            " ".join(f"{ms:.10g}" for ms in found) or None for found in table.inferences
        ]
    return arrow_table(
        columns,
        _COLUMNS | {c.name: c for c in known} | family_columns(table.columns),
        {"kind": "runs", "model": model, "last_split_point": last_split_point},
    )


def _figures(path: Path, table: pa.Table) -> Arrays:
    """The numeric columns that hold something (n,), by name."""
    found = {}
    known = {name: _COLUMNS[name] for name in FIGURES} | family_columns(table.column_names)
    for name, column in known.items():
        if name in table.column_names:
            array = to_array(path, table[name], column)
            if check_present(path, array, column):
                found[name] = array
    if "latency_ms" not in found:
        raise DataError(f"{path}: column latency_ms has no value in any row")
    return found


def infer_last_split_point(columns: Arrays, points: npt.NDArray[np.intp]) -> tuple[int, list[str]]:
    """The greatest split point, if nothing is computed in the cloud there; else the next."""
    greatest = int(points.max())
    sent = [
        columns[name][points == greatest] for name in ("cloud_ms", "tensor_kb") if name in columns
    ]
    if sent and all(bool((values == 0).all()) for values in sent):
        return greatest, [f"last split point {greatest}: nothing is sent there"]
    if not sent:
        return greatest, [f"last split point {greatest}: the greatest in the table"]
    note = f"last split point {greatest + 1}: at {greatest}, the greatest, the cloud still computes"
    return greatest + 1, [note]


def _number_repeats(columns: Arrays, index: npt.NDArray[np.intp]) -> list[str]:
    """Number the runs of a configuration where the table does not, or does so twice."""
    count = len(index)
    given = columns.get("repeat")
    if given is not None:
        distinct = np.unique(np.stack([index, given]), axis=1).shape[1]
        if distinct == count:
            return []
    order = np.argsort(index, kind="stable")
    sizes = np.bincount(index)
    starts = np.repeat(np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    repeats = np.empty(count)
    repeats[order] = np.arange(count) - starts
    columns["repeat"] = repeats
    if given is None:
        return []
    return [f"{count - distinct} rows repeat a configuration's repeat number: renumbered"]


def _sources(path: Path, table: pa.Table) -> list[Source]:
    if "source" not in table.column_names:
        return ["recorded"] * table.num_rows
    found = to_array(path, table["source"], _COLUMNS["source"]).tolist()
    for row, value in enumerate(found):
        if value is not None and value not in REALITY:
            reject(path, row, "source", repr(value), ", ".join(REALITY))
    return [cast(Source, value or "recorded") for value in found]


def _modes(path: Path, table: pa.Table) -> list[str | None] | None:
    if "mode" not in table.column_names:
        return None
    return cast("list[str | None]", to_array(path, table["mode"], _COLUMNS["mode"]).tolist())


def _texts(path: Path, table: pa.Table) -> dict[str, list[str | None]]:
    """The columns of plain text that the table has, by name."""
    return {
        name: cast("list[str | None]", to_array(path, table[name], _COLUMNS[name]).tolist())
        for name in TEXTS
        if name in table.column_names
    }


def _rights(path: Path, table: pa.Table) -> list[str | None] | None:
    """Which images each row classified correctly; None: an older table, or none is labelled."""
    if "right" not in table.column_names:
        return None
    found = cast("list[str | None]", to_array(path, table["right"], _COLUMNS["right"]).tolist())
    for row, text in enumerate(found):
        if text is not None and not is_packed(text):
            reject(path, row, "right", repr(text), FORM_WORDS)
    return found


def _inferences(path: Path, table: pa.Table) -> list[tuple[float, ...]] | None:
    """The latency of each row's single inferences; None: an older table, or one of elsewhere."""
    if "inference_ms" not in table.column_names:
        return None
    texts = to_array(path, table["inference_ms"], _COLUMNS["inference_ms"]).tolist()
    found = []
    for row, text in enumerate(texts):
        try:
            times_ms = tuple(map(float, text.split())) if text else ()
        except ValueError:
            times_ms = (0.0,)
        if not all(0 < ms <= BIG_MS for ms in times_ms):
            reject(path, row, "inference_ms", repr(text), f"numbers above 0, to {BIG_MS:g} ms")
        found.append(times_ms)
    return found


def _accounting(path: Path, table: pa.Table) -> str:
    """The accounting that all rows state; absent: the default one, that of tables before."""
    if "accounting" not in table.column_names:
        return DEFAULT
    found = to_array(path, table["accounting"], _COLUMNS["accounting"]).tolist()
    label = one_accounting(value or DEFAULT for value in found)
    named(label)
    return label


def _flags(table: pa.Table) -> list[tuple[str, ...]]:
    if "flags" not in table.column_names:
        return [()] * table.num_rows
    return [tuple(str(v).split(";")) if v else () for v in table["flags"].to_pylist()]
