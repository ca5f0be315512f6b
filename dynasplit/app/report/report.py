"""Writes a run's files and record as its phases end, and shows its table of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.accounting import name_in
from dynasplit.app.cli.accounting_table import accounting_table, lacking_lines, winner_lines
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.doubtful import doubtful_lines
from dynasplit.app.report.outputs import (
    source_in,
    summary_of,
    told_in,
    write_offline_outputs,
    write_online_outputs,
)
from dynasplit.app.report.page import PAGE, Told, write_page
from dynasplit.app.report.quality import quality_lines
from dynasplit.app.report.tracking import record
from dynasplit.app.setup.open_run import OpenRun
from dynasplit.app.setup.phases import RunResult
from dynasplit.app.setup.run_inputs import RunInputs
from dynasplit.app.setup.run_name import run_name
from dynasplit.app.setup.where_recorded import tell_where
from dynasplit.core.provenance import PROVENANCE
from dynasplit.figures.series import Origin
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.blocks import FILE as ORDER
from dynasplit.offline.study import OfflineResult
from dynasplit.online.attribution_block import attribution_lines
from dynasplit.testbed.baseline import FILE as BASELINES
from dynasplit.testbed.controls import FILE as CONTROLS
from dynasplit.testbed.controls import read_controls

DRIFT = "control_drift_pct"
ENOUGH_RUNS = 5
"""Of a member of the front: fewer let a lucky single run bring it there."""


def write_offline_report(
    inputs: RunInputs,
    offline: OfflineResult | None,
    front: ParetoFront,
    opened: OpenRun,
    terminal: Terminal,
) -> list[Path]:
    """Write the offline phase's results when it ends: nothing that comes later can cost them.

    Raises:
        ResultsError: the folder cannot be written.
    """
    with terminal.during("Writing the front"):
        written = write_offline_outputs(opened.folder.path, inputs, offline, front)
        opened.recorder.configurations({s.configuration for s in front.summaries})
    return written


def few_runs(least: int | None) -> str:
    """What to say where a member of the front has few runs; empty: nothing."""
    if least is None or least >= ENOUGH_RUNS:
        return ""
    return (
        f"Members of the front have {least} runs or more; {ENOUGH_RUNS} are needed to tell a lucky "
        f"one: search.front_repeats={ENOUGH_RUNS - 1}"
    )


def own_name(summary: Mapping[str, Any]) -> str:
    """The name of the accounting by which configurations were chosen."""
    return name_in(summary["accounting"])


def tell_accountings(summary: Mapping[str, Any], terminal: Terminal, source: str = "") -> None:
    """The headline under each accounting that the measurements allow; nothing without energy."""
    told = summary["by_accounting"]
    known = [p for one in told.values() for p in one.get("policies", {}).values()]
    if any(policy["energy_j_mean"] is not None for policy in known):
        title = "Mean energy of a request, saved against cloud_only, by accounting (docs/energy.md)"
        title = "\n".join(filter(None, (title, source)))
        terminal.console.print(accounting_table(told, own_name(summary), title))
        for line in (*winner_lines(told), *lacking_lines(told)):
            terminal.say(line)


def controls_block(folder: Path) -> dict[str, Any]:
    """The control configuration's block of summary.json; nothing where none was measured."""
    runs = read_controls(folder)
    if not runs:
        return {}
    drifts_pct = [run.gates[DRIFT] for run in runs if DRIFT in run.gates]
    return {
        "controls": {
            "configuration": runs[0].configuration,
            "runs": len(runs),
            "drift_last_pct": drifts_pct[-1] if drifts_pct else None,
            "drift_most_pct": max(drifts_pct, default=None),
            "doubtful": [words for run in runs for words in run.doubtful],
        }
    }


def drifted(block: Mapping[str, Any] | None) -> str:
    """What to say of the control configuration; empty: it was not measured again."""
    if block is None or block["drift_most_pct"] is None:
        return ""
    said = (
        f"The control {block['configuration']} was measured {block['runs']} times; it was off its "
        f"first runs by {block['drift_most_pct']:.1f} % at the most"
    )
    return "; ".join([said, *block["doubtful"][-1:]])


def _told(
    inputs: RunInputs, result: RunResult, opened: OpenRun, summary: Mapping[str, Any]
) -> Told:
    """The content of the run's page."""
    return Told(
        name=run_name(inputs.record.configuration, inputs.testbed.network),
        summary=summary,
        record=opened.folder.record,
        front=result.front,
        measured=result.offline.measurements if result.offline else (),
        served=result.online.served,
        source=source_in(inputs.testbed, result),
        told=told_in(inputs.testbed, result),
        rules=inputs.testbed.gates,
    )


def write_report(
    inputs: RunInputs,
    result: RunResult,
    opened: OpenRun,
    terminal: Terminal,
    earlier: Sequence[Path] = (),
) -> None:
    """Write the online phase's results, record all, and show them.

    Args:
        inputs: the run's.
        result: of both phases.
        opened: the run.
        terminal: shows them.
        earlier: files that are there already, to be recorded too.

    Raises:
        ResultsError: the folder cannot be written.
    """
    folder = opened.folder.path
    with terminal.during("Writing results"):
        summary = summary_of(inputs, result) | controls_block(folder)
        files = [*earlier, *write_online_outputs(folder, summary, inputs, result)]
        files.append(write_page(folder, _told(inputs, result, opened, summary), files))
        kept = (folder / name for name in (CONTROLS, BASELINES, ORDER))
        files += [path for path in kept if path.is_file()]
        files += [path for path in [folder / "logs"] if path.is_dir()]
        told = "\n".join(told_in(inputs.testbed, result))
        origin = Origin(inputs.testbed.network, source_in(inputs.testbed, result), told)
        record(opened.recorder, summary, files, folder, origin)
    for given_up in summary["given_up"]:
        terminal.say("Given up in the {phase}: {configuration}: {reason}".format(**given_up))
    for came in summary["recovered"]:
        terminal.say("Measured when asked again: {configuration}: {reason}".format(**came))
    for line in doubtful_lines(summary["doubtful"]):
        terminal.say(line)
    if remark := drifted(summary.get("controls")):
        terminal.say(remark)
    if remark := few_runs(summary["search"]["front_runs_least"]):
        terminal.say(remark)
    terminal.left_out(result.online.left_out)
    pipelined = summary["mode"] == "throughput"
    title = "Policies, in throughput mode: latencies hold waiting" if pipelined else "Policies"
    terminal.say(f"Thresholds: {summary['workload']['words']}")
    terminal.policies(
        summary["policies"],
        title,
        with_rates=pipelined,
        source=PROVENANCE[source_in(inputs.testbed, result)],
        below=told_in(inputs.testbed, result),
    )
    tell_accountings(summary, terminal, PROVENANCE[source_in(inputs.testbed, result)])
    for line in attribution_lines(summary.get("attribution")):
        terminal.say(line)
    for line in quality_lines(summary.get("quality")):
        terminal.say(line)
    terminal.say(f"Results: {folder}")
    terminal.say(f"Report: {folder / PAGE}")
    tell_where(inputs.record, opened.recorder, terminal)
