"""Splits each configuration's runs into a half to choose by and a half to judge with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.tables.runs import RunsTable


@dataclass(frozen=True, eq=False)
class Halves:
    """A table of runs, divided.

    Attributes:
        choosing: what a choice may be made by; None: nothing.
        judging: the runs that a choice is then given.
        repeated: configurations whose runs were divided.
        predicted: configurations of one run, which the prediction stands for in `choosing`.
        left_out: configurations of one run that nothing predicts.
    """

    choosing: RunsTable | None
    judging: RunsTable
    repeated: int
    predicted: int
    left_out: int


def divide(
    runs: RunsTable, seed: int, predict: Callable[[Configuration], Sequence[Measurement]] | None
) -> Halves:
    """Divide each configuration's runs at random; a single run is never chosen by.

    Args:
        runs: the table.
        seed: of the division. A half of an odd number of runs is rounded down for choosing.
        predict: what runs of a configuration may be, where it has one only; None: it is left
            out.
    """
    choosing: list[Measurement] = []
    judging: list[Measurement] = []
    for position, configuration in enumerate(runs.configurations):
        rows = np.random.default_rng([seed, position]).permutation(runs.rows_of(position))
        half = len(rows) // 2
        choosing += [runs.measurement(row) for row in rows[:half].tolist()]
        judging += [runs.measurement(row) for row in rows[half:].tolist()]
        if not half and predict is not None:
            choosing += predict(configuration)
    single = int(np.count_nonzero(runs.counts == 1))
    return Halves(
        _table(choosing, runs) if choosing else None,
        _table(judging, runs),
        repeated=len(runs.configurations) - single,
        predicted=single if predict is not None else 0,
        left_out=0 if predict is not None else single,
    )


def _table(measurements: list[Measurement], runs: RunsTable) -> RunsTable:
    return RunsTable.of(measurements, model=runs.model, last_split_point=runs.last_split_point)
