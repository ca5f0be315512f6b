"""The answer of a sweep: one table and one figure of all its runs, in one folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import write_json
from dynasplit.app.sweep.figures import Group, groups_of
from dynasplit.app.sweep.jobs import Sweep
from dynasplit.app.sweep.outcomes import DONE, Outcome
from dynasplit.app.sweep.table import BELOW, shown_value, sweep_table
from dynasplit.core.errors import ResultsError
from dynasplit.core.provenance import PROVENANCE, Source, least_real, mixed_words
from dynasplit.figures import draw_sweep_figure
from dynasplit.figures.series import Origin
from dynasplit.frames.columns import frame_of_rows
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.recorder.sweeps import TAG, tag_runs
from dynasplit.run.run_record import FRONT, SUMMARY, read_summary

JOBS, FIGURES, ANSWER, FIGURE = "jobs", "sweep", "sweep.json", "sweep.png"
_IN_SAMPLE = "in-sample: the runs that the policies chose by"


def write_answer(sweep: Sweep, outcomes: Sequence[Outcome]) -> None:
    """Write tables and figure, tag the runs in MLflow, and show the table.

    Raises:
        ResultsError: the folder cannot be written. DataError: a finished run cannot be read.
    """
    summaries = {
        one.job.number: read_summary(one.folder)
        for one in outcomes
        if one.state in DONE and one.folder is not None and (one.folder / SUMMARY).is_file()
    }
    groups = groups_of(outcomes, summaries)
    known = any(group.figures for group in groups)
    origin = _origin(outcomes, summaries)
    _make(sweep.folder)
    _write_table(sweep.folder, JOBS, _job_rows(outcomes))
    if known:
        _write_table(sweep.folder, FIGURES, _figure_rows(groups))
        draw_sweep_figure(sweep.folder / FIGURE, _points(groups), origin, _title(sweep, groups))
    write_json(sweep.folder / ANSWER, _told(sweep, outcomes))
    with Terminal() as terminal:
        _show(sweep, outcomes, groups if known else [], origin, terminal)


def _show(
    sweep: Sweep,
    outcomes: Sequence[Outcome],
    groups: Sequence[Group],
    origin: Origin,
    terminal: Terminal,
) -> None:
    done = sum(one.state in DONE for one in outcomes)
    terminal.say(f"\n{done} of {len(outcomes)} jobs of sweep {sweep.name} are finished")
    if groups:
        told = (_title(sweep, groups), PROVENANCE[origin.source], origin.remarks)
        terminal.console.print(sweep_table(groups, "\n".join(filter(None, told))))
        terminal.console.print(BELOW, style="dim")
    for one in outcomes:
        if one.state not in DONE:
            why = f": {one.reason}" if one.reason else ""
            terminal.say(f"Job {one.job.number} ({one.job.words}) {one.state}{why}")
    if done < len(outcomes):
        terminal.say("The same command goes on with what is not finished")
    _tag(sweep, outcomes, terminal)
    terminal.say(f"Sweep: {sweep.folder}")


def _tag(sweep: Sweep, outcomes: Sequence[Outcome], terminal: Terminal) -> None:
    """Give every run of the sweep its tag in MLflow, also those that were finished before."""
    stores: dict[str, list[str]] = {}
    for one in outcomes:
        note = one.folder / "mlflow_run_id" if one.folder is not None else None
        if one.job.record.tracking != "none" and note is not None and note.is_file():
            run_id = note.read_text(encoding="utf-8").strip()
            stores.setdefault(one.job.record.tracking_uri, []).append(run_id)
    tagged = {uri: tag_runs(uri, ids, sweep.name) for uri, ids in stores.items()}
    if tagged and all(tagged.values()):
        terminal.say(f"In MLflow, all of its runs: tags.{TAG} = '{sweep.name}'")


def _title(sweep: Sweep, groups: Sequence[Group]) -> str:
    """What the figures are of: policy, options, number of runs."""
    names = " and ".join(sweep.option_names)
    heads = dict.fromkeys(group.head for group in groups if group.head)
    most = max(group.runs for group in groups)
    over = f"over {most} seeds" if most > 1 else "one run each"
    what = " / ".join(heads) or "searches"
    return f"{what} by {names}, {over}" if names else f"all policies, {over}"


def _origin(outcomes: Sequence[Outcome], summaries: Mapping[int, Mapping[str, Any]]) -> Origin:
    """Of which network and which source the figures are, and what else is to be said of them."""
    folders = [one.folder for one in outcomes if one.job.number in summaries and one.folder]
    sources: set[Source] = {
        ParetoFront.load(folder / FRONT).source for folder in folders if (folder / FRONT).is_file()
    }
    told = dict.fromkeys(words for one in summaries.values() for words in one.get("told", ()))
    told |= dict.fromkeys(
        f"with the fault {name}" for one in summaries.values() for name in one.get("faults", ())
    )
    inside = [_IN_SAMPLE] if any("out_of_sample" in one for one in summaries.values()) else []
    networks = dict.fromkeys(str(one.get("model") or "network") for one in summaries.values())
    remarks = "\n".join(filter(None, [*told, mixed_words(sources), *inside]))
    return Origin(" / ".join(networks), least_real(sources or {"recorded"}), remarks)


def _job_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [
        {
            "job": one.job.number,
            **one.job.options,
            "state": one.state,
            "reason": one.reason or None,
            "folder": None if one.folder is None else str(one.folder),
        }
        for one in outcomes
    ]


def _figure_rows(groups: Sequence[Group]) -> Iterator[dict[str, Any]]:
    """A row for each group and policy: means, and the bounds of their intervals."""
    for group in groups:
        counts = {"jobs": group.jobs, "runs": group.runs}
        for policy, figures in (group.figures or {"": {}}).items():
            row: dict[str, Any] = {**group.options, "policy": policy or None, **counts}
            for name, one in figures.items():
                low, high = one.interval or (None, None)
                row |= {name: one.mean, f"{name}_low": low, f"{name}_high": high}
            yield row


def _points(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """What the figure shows of each group: options, number of runs, figures by policy."""
    return [
        {
            "options": {name: shown_value(value) for name, value in group.options.items()},
            "head": group.head,
            "figures": {
                policy: {n: (one.mean, one.interval, one.values) for n, one in figures.items()}
                for policy, figures in group.figures.items()
            },
        }
        for group in groups
    ]


def _told(sweep: Sweep, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The content of sweep.json."""
    return {
        "sweep": sweep.name,
        "options": sweep.option_names,
        "jobs": [
            {
                "number": one.job.number,
                "options": dict(one.job.options),
                "content": one.job.content,
                "state": one.state,
                "reason": one.reason or None,
                "folder": None if one.folder is None else str(one.folder),
            }
            for one in outcomes
        ],
    }


def _write_table(
    folder: Path, name: str, rows: Sequence[Mapping[str, Any]] | Iterator[Any]
) -> None:
    """A table as CSV and as Parquet, complete or not there."""
    frame: pd.DataFrame = frame_of_rows(rows)
    try:
        for ending, write in (("csv", frame.to_csv), ("parquet", frame.to_parquet)):
            draft = folder / f".{name}.{ending}.draft"
            write(draft, index=False)
            draft.replace(folder / f"{name}.{ending}")
    except OSError as error:
        raise ResultsError(f"{folder}: {name} cannot be written: {error}") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"the folder {folder} cannot be made: {error.strerror}") from error
