"""The audit of a table of runs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from dynasplit.accounting import DEFAULT, build
from dynasplit.audit.findings import Finding
from dynasplit.audit.heads import check_heads
from dynasplit.audit.sums_and_stages import (
    check_energy,
    check_quality,
    check_sums,
    check_tails,
    check_transfers,
)
from dynasplit.core.errors import DataError
from dynasplit.front.dominance import non_dominated
from dynasplit.profile.run_medians import KNOBS
from dynasplit.tables import RunsTable
from dynasplit.tables.accounted import under

ENOUGH_REPEATS = 5


def audit_table(runs: RunsTable) -> list[Finding]:
    """Everything doubtful in a table, by row; what columns it lacks is not checked.

    Checks of times against frequency and power need the knobs of the physical model, and times
    without waiting; a table with others, or of throughput mode, is checked for the rest.
    """
    with suppress(DataError):  # powers are checked where they can be told
        runs = under(runs, build(DEFAULT))
    rows = np.arange(len(runs))
    found = [*check_sums(runs, rows), *check_quality(runs, rows), *_single_runs(runs)]
    waits = "throughput" in (runs.modes or ())
    if not waits and all(knob.name in KNOBS for knob in runs.space.knobs):
        for check in (check_heads, check_transfers, check_tails, check_energy):
            found += check(runs, rows)
    return sorted(found, key=lambda finding: (finding.index, finding.check))


def contradicted(findings: Sequence[Finding]) -> frozenset[int]:
    """The rows that other rows contradict seriously; single runs contradict nothing."""
    return frozenset(f.index for f in findings if f.check != "single_run" and f.severity == "high")


def _single_runs(runs: RunsTable) -> list[Finding]:
    on_front = np.flatnonzero(non_dominated(runs.objectives()) & (runs.counts == 1))
    return [
        Finding(int(runs.rows_of(i)[0]), "single_run", ENOUGH_REPEATS, 1, "low", "repeat")
        for i in on_front.tolist()
    ]
