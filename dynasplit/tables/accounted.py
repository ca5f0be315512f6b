"""Tables of runs under another accounting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dynasplit.accounting import Accounting
from dynasplit.accounting._view import NO_IDLE, viewed
from dynasplit.accounting.base import Role
from dynasplit.core.errors import DataError
from dynasplit.tables.runs import RunsTable

ENERGIES = ("energy_j", "edge_energy_j", "cloud_energy_j")


def under(
    runs: RunsTable, accounting: Accounting, idle_w: Mapping[Role, float] = NO_IDLE
) -> RunsTable:
    """A table with its energies by an accounting.

    Args:
        runs: by any.
        accounting: the one wanted.
        idle_w: idle power of hosts, where the runs have none.

    Raises:
        DataError: the runs lack what it needs; which part, and of which configuration.
    """
    if runs.accounting == accounting.label:
        return runs
    if "energy_j" not in runs.columns:
        return replace(runs, accounting=accounting.label)
    try:
        rows = viewed(runs.measurements, accounting, idle_w)
    except DataError as error:
        raise DataError(f"{runs.path or 'the runs'}: {error}") from error
    energies = {
        name: np.array([getattr(m, name) for m in rows], dtype=np.float64)
        for name in ENERGIES
        if name in runs.columns
    }
    return replace(runs, columns={**runs.columns, **energies}, accounting=accounting.label)
