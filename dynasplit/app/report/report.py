"""Writes a run's files and record as its phases end, and shows its table of policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import (
    source_in,
    summary_of,
    table_words,
    told_in,
    write_offline_outputs,
    write_online_outputs,
)
from dynasplit.app.report.tracking import record, tell_where
from dynasplit.app.setup.open_run import OpenRun
from dynasplit.app.setup.phases import RunResult
from dynasplit.app.setup.run_inputs import RunInputs
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.study import OfflineResult

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
        return write_offline_outputs(opened.folder.path, inputs.testbed, offline, front)


def few_runs(least: int | None) -> str:
    """What to say where a member of the front has few runs; empty: nothing."""
    if least is None or least >= ENOUGH_RUNS:
        return ""
    return (
        f"Members of the front have {least} runs or more; {ENOUGH_RUNS} are needed to tell a lucky "
        f"one: search.front_repeats={ENOUGH_RUNS - 1}"
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
        summary = summary_of(inputs, result)
        files = [*earlier, *write_online_outputs(folder, summary, inputs.testbed, result)]
        traces = [p for p in (folder / "traces", folder / "logs") if p.is_dir()]
        record(opened.recorder, summary, result.online.served, [*files, *traces])
    for given_up in summary["given_up"]:
        terminal.say("Given up in the {phase}: {configuration}: {reason}".format(**given_up))
    if remark := few_runs(summary["search"]["front_runs_least"]):
        terminal.say(remark)
    terminal.left_out(result.online.left_out)
    pipelined = summary["mode"] == "throughput"
    title = "Policies, in throughput mode: latencies hold waiting" if pipelined else "Policies"
    terminal.policies(
        summary["policies"],
        title,
        with_rates=pipelined,
        below=table_words(source_in(inputs.testbed, result), told_in(inputs.testbed, result)),
    )
    terminal.say(f"Results: {folder}")
    if opened.recorder.trouble is None:
        tell_where(inputs.record, terminal)
