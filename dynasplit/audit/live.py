"""The audit of one measurement as it comes in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dynasplit.audit.heads import check_heads
from dynasplit.audit.sums_and_stages import (
    check_energy,
    check_quality,
    check_sums,
    check_tails,
    check_transfers,
)
from dynasplit.core.measurement import Measurement
from dynasplit.profile.run_medians import KNOBS
from dynasplit.tables import RunsTable


def audit_live(measurement: Measurement, before: Sequence[Measurement]) -> tuple[str, ...]:
    """The names of the checks that a measurement does not pass, given those before it.

    The checks are those of tables. What moves the latency or the energy by less than 5 % is not
    named, since a named one is repeated.
    """
    last = max(m.configuration.split_point for m in (*before, measurement))
    known = all(name in KNOBS for name, _ in measurement.configuration.knobs)
    known = known and measurement.mode != "throughput"  # its times hold waiting
    every = _table([*before, measurement], last)
    findings = check_sums(every, _last_row(every)) + check_quality(every, _last_row(every))
    if known:
        # the head's line needs the runs of the same split point only
        k = measurement.configuration.split_point
        near = _table([*(m for m in before if m.configuration.split_point == k), measurement], last)
        findings += check_heads(near, _last_row(near))
        for check in (check_transfers, check_tails, check_energy):
            findings += check(every, _last_row(every))
    return tuple(dict.fromkeys(f.check for f in findings if f.severity != "low"))


def _table(runs: Sequence[Measurement], last_split_point: int) -> RunsTable:
    return RunsTable.of(runs, model=None, last_split_point=last_split_point)


def _last_row(runs: RunsTable) -> np.ndarray:
    return np.array([len(runs) - 1])
