"""Recorded runs, from a table or from the journal of a run, finished or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dynasplit.core.errors import DataError
from dynasplit.run.journal_reading import read_journal
from dynasplit.tables import RunsTable, infer_last_split_point, read_runs


def runs_at(path: str) -> RunsTable:
    """The runs of a table's file or of a journal.

    Raises:
        DataError: it cannot be used. ResultsError: a journal that holds something else.
    """
    if Path(path).suffix != ".jsonl":
        return read_runs(path)
    records = read_journal(Path(path))
    if not records.measurements:
        raise DataError(f"{path}: the run has measured nothing yet")
    points = np.array([m.configuration.split_point for m in records.measurements])
    begun, notes = records.begun, list[str]()
    table = RunsTable.of(
        records.measurements,
        model=begun.network if begun is not None else None,
        last_split_point=int(points.max()),
    )
    if begun is not None:
        last = begun.last_split_point
    else:
        last, inferred = infer_last_split_point(dict(table.columns), points)
        notes += inferred
    if records.damage is not None:
        notes.append(f"{records.damage}; what is whole is taken")
    return replace(table, last_split_point=last, path=Path(path), notes=tuple(notes))
