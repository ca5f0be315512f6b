"""Reads what a run's folder has to draw figures from, finished or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dynasplit.accounting import name_in
from dynasplit.app.setup.recorded_runs import runs_at
from dynasplit.app.setup.run_inputs import with_faults
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import told_of
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures.catalogue import FIGURES, OWN, Tables
from dynasplit.figures.one_request import Power, Served
from dynasplit.frames.opened import TRACES, open_run
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.records import JOURNAL
from dynasplit.run.run_record import FRONT, REQUESTS, RUNS, SUMMARY, read_summary
from dynasplit.tables import RunsTable, read_requests
from dynasplit.testbed.controls import FILE as CONTROLS
from dynasplit.testbed.controls import read_controls

ACCOUNTINGS = "by_accounting"
_OUTERMOST = ("wall", "board")


@dataclass(frozen=True)
class RunTables:
    """A run's tables.

    Attributes:
        folder: the run's. there: files that are there, or that the journal stands for.
        tables: their content.
    """

    folder: Path
    there: frozenset[str]
    tables: Tables

    def lacking(self, figure: str) -> str:
        """The file for want of which a figure cannot be drawn; empty: all are there."""
        return next((name for name in FIGURES[figure].needs if name not in self.there), "")


def read_tables(folder: Path, request: int | None = None) -> RunTables:
    """Read what is there.

    Args:
        folder: the run's.
        request: whose time line is wanted; None: one that was split.

    Raises:
        DataError: neither runs nor a front, a table that cannot be read, or no such request.
    """
    runs, front = _runs_and_front(folder)
    has_requests = (folder / REQUESTS).is_file()
    served = read_requests(folder / REQUESTS).rows if has_requests else []
    summary = read_summary(folder) if (folder / SUMMARY).is_file() else {}
    controls = read_controls(folder)
    there = {
        FRONT: True,
        RUNS: runs is not None,
        REQUESTS: has_requests,
        SUMMARY: ACCOUNTINGS in summary,
        CONTROLS: bool(controls),
    }
    measured = runs.measurements if runs is not None else []
    return RunTables(
        folder,
        frozenset(name for name, is_there in there.items() if is_there),
        Tables(
            front=front,
            runs=measured,
            summaries=runs.summaries() if runs is not None else (),
            served=served,
            controls=controls,
            by_accounting=summary.get(ACCOUNTINGS, {}),
            own=name_in(summary["accounting"]) if "accounting" in summary else "",
            one=_one_of(folder, served, measured, request, front.last_split_point),
            remarks=_remarks(runs, front, served, summary),
        ),
    )


def _runs_and_front(folder: Path) -> tuple[RunsTable | None, ParetoFront]:
    runs_file = next((folder / n for n in (RUNS, JOURNAL) if (folder / n).is_file()), None)
    has_front = (folder / FRONT).is_file()
    runs = None
    if runs_file is not None and not (has_front and runs_file.name == JOURNAL):
        runs = runs_at(str(runs_file))
    if has_front:
        return runs, ParetoFront.load(folder / FRONT)
    if runs is None:
        raise DataError(f"{folder}: nothing to draw from; needed: {FRONT}, {RUNS} or {JOURNAL}")
    return runs, ParetoFront.of_runs(runs)


def _remarks(
    runs: RunsTable | None,
    front: ParetoFront,
    served: Sequence[ServedRequest],
    summary: Mapping[str, Any],
) -> str:
    """What is to be said of the numbers, a line each."""
    of_runs = runs.told if runs is not None else ()
    of_served = told_of(row.measurement.flags for row in served)
    predicted = ["timings predicted"] if summary.get("predicted") else []
    told = [*predicted, *summary.get("told", ()), *of_runs, *of_served]
    return "\n".join(dict.fromkeys([*told, *with_faults(front.faults)]))


def _one_of(
    folder: Path,
    served: Sequence[ServedRequest],
    runs: Sequence[Measurement],
    request: int | None,
    last_split_point: int,
) -> Served | None:
    """The request of the time line, with its configuration's window; None: none was served."""
    if not served:
        return None
    policies = dict.fromkeys(row.policy for row in served)
    own = OWN if OWN in policies else next(iter(policies))
    mine = [row for row in served if row.policy == own]
    if request is not None and request not in {row.request for row in mine}:
        raise DataError(
            f"figures.request={request}: {own} served no such request; allowed: 0 to "
            f"{max(row.request for row in mine)}"
        )
    split = [r for r in mine if 0 < r.measurement.configuration.split_point < last_split_point]
    one = (split or mine)[0]
    if request is not None:
        one = next(row for row in mine if row.request == request)
    return _with_power(folder, one, runs)


def _with_power(folder: Path, one: ServedRequest, runs: Sequence[Measurement]) -> Served:
    """A request with the power traces of its own window, else of a run of its configuration."""
    configuration = one.measurement.configuration
    run = next((run for run in runs if run.configuration == configuration), None)
    if not (folder / TRACES).is_dir():
        return Served(one, run)
    wanted = [{"policy": one.policy, "request": one.request}]
    wanted += [{**configuration.as_dict(), "repeat": run.repeat}] if run is not None else []
    for selected in wanted:
        if power := _power(folder, selected):
            own = one.measurement if "request" in selected else run
            return Served(one, own, power)
    return Served(one, run)


def _power(folder: Path, selected: Mapping[str, Any]) -> dict[str, Power]:
    """Both hosts' power in the first window that fits; empty: there is none."""
    try:
        rows = open_run(folder).traces(**selected)
    except DataError:
        return {}
    found: dict[str, Power] = {}
    for role in ("edge", "cloud"):
        mine = rows[(rows["host"] == role) & rows["power_w"].notna()]
        names = sorted(set(mine["channel"]), key=lambda name: (name not in _OUTERMOST, name))
        if names:
            kept = mine[mine["channel"] == names[0]]
            times_s, watts = (kept[n].to_numpy(dtype=float) for n in ("time_s", "power_w"))
            back = np.flatnonzero(np.diff(times_s) < 0)  # a window of the control comes after it
            end = back[0] + 1 if back.size else None
            found[role] = Power(times_s[:end], watts[:end], names[0].replace("_", " "))
    return found
