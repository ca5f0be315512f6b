"""Draws the figures of a run anew from its tables, in formats that a paper takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dynasplit.accounting import name_in
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.recorded_runs import runs_at
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.app.setup.run_inputs import with_faults
from dynasplit.app.setup.runs_plans import folder_of_a_run, results_folder
from dynasplit.config.schema import Config
from dynasplit.core.errors import DataError
from dynasplit.core.provenance import told_of
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures import draw_accountings_figure, draw_all
from dynasplit.figures.output import written_as
from dynasplit.figures.series import Origin
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.records import JOURNAL
from dynasplit.run.run_record import FRONT, REQUESTS, RUNS, SUMMARY, read_summary
from dynasplit.tables import RunsTable, read_requests


@dataclass(frozen=True)
class _Tables:
    """What a run's folder has to draw from.

    Attributes:
        runs: of the search; None: a front was given.
        front: the one found or given. served: the requests. summary: empty: it is not there.
        lacking: what cannot be drawn, and for want of which file.
    """

    runs: RunsTable | None
    front: ParetoFront
    served: Sequence[ServedRequest]
    summary: Mapping[str, Any]
    lacking: Sequence[str]

    @property
    def remarks(self) -> str:
        """What is to be said of the numbers, a line each."""
        of_runs = self.runs.told if self.runs is not None else ()
        of_served = told_of(row.measurement.flags for row in self.served)
        predicted = ["timings predicted"] if self.summary.get("predicted") else []
        told = [*predicted, *self.summary.get("told", ()), *of_runs, *of_served]
        return "\n".join(dict.fromkeys([*told, *with_faults(self.front.faults)]))


def check(config: Config) -> None:
    """Refuse what is no run's folder, and one without anything to draw from."""
    _tables(folder_of_a_run(config.name, config.runs))


def run(config: Config) -> None:
    """Draw what the tables allow, in each format.

    Raises:
        DynaSplitError: a table cannot be read, or a figure not be written.
    """
    place = folder_of_a_run(config.name, config.runs)
    there, asked = _tables(place), config.figures
    with Terminal() as terminal, results_folder(record_inputs(config)) as folder:
        with (
            terminal.during(f"Drawing the figures of {place}"),
            written_as(asked.formats, titles=asked.titles),
        ):
            _draw(folder.path, there)
        for words in there.lacking:
            terminal.say(words)
        drawn = sorted({p.stem for p in folder.path.iterdir() if p.suffix[1:] in asked.formats})
        terminal.say(f"Drawn as {', '.join(asked.formats)}: {', '.join(drawn)}")
        terminal.say(f"Results: {folder.path}")


def _draw(folder: Path, there: _Tables) -> None:
    measured = there.runs.summaries() if there.runs is not None else []
    windows = there.runs.measurements if there.runs is not None else []
    every = [*windows, *(row.measurement for row in there.served)]
    draw_all(folder, measured, there.front, there.served, there.remarks, every)
    by = there.summary.get("by_accounting")
    if by:
        own = name_in(there.summary["accounting"])
        origin = Origin(there.front.model, there.front.source, there.remarks)
        draw_accountings_figure(folder / "accountings.png", by, own, origin)


def _tables(folder: Path) -> _Tables:
    """What there is to draw from, in an unfinished run too.

    Raises:
        DataError: neither runs nor a front, or a table that cannot be read.
    """
    runs_file = next((folder / n for n in (RUNS, JOURNAL) if (folder / n).is_file()), None)
    has_front, has_requests = (folder / FRONT).is_file(), (folder / REQUESTS).is_file()
    runs = None
    if runs_file is not None and not (has_front and runs_file.name == JOURNAL):
        runs = runs_at(str(runs_file))
    if not has_front and runs is None:
        raise DataError(f"{folder}: nothing to draw from; needed: {FRONT}, {RUNS} or {JOURNAL}")
    front = ParetoFront.of_runs(runs) if runs is not None else None
    if has_front or front is None:
        front = ParetoFront.load(folder / FRONT)
    lacking = []
    if not has_requests:
        lacking.append(f"Not drawn, for want of {REQUESTS}: energy, latency, violations, choices")
    if runs is None:
        lacking.append(f"Not drawn, for want of {RUNS}: knobs, and what the front dominates")
    summary = read_summary(folder) if (folder / SUMMARY).is_file() else {}
    if "by_accounting" not in summary:
        lacking.append(f"Not drawn, for want of it in {SUMMARY}: accountings")
    return _Tables(
        runs=runs,
        front=front,
        served=read_requests(folder / REQUESTS).rows if has_requests else (),
        summary=summary,
        lacking=lacking,
    )
