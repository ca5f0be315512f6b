"""Writes a finished run's files and record, and shows its table of policies."""

from __future__ import annotations

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import summary_of, write_outputs
from dynasplit.app.report.tracking import record, tell_where
from dynasplit.app.setup.open_run import OpenRun
from dynasplit.app.setup.phases import RunResult
from dynasplit.app.setup.run_inputs import RunInputs


def write_report(inputs: RunInputs, result: RunResult, opened: OpenRun, terminal: Terminal) -> None:
    """Write and record a run's results, and show them.

    Raises:
        ResultsError: the folder cannot be written.
    """
    folder = opened.folder.path
    with terminal.during("Writing results"):
        summary = summary_of(inputs, result)
        files = write_outputs(folder, summary, inputs.testbed, result)
        traces = [p for p in (folder / "traces", folder / "logs") if p.is_dir()]
        record(opened.recorder, summary, result.online.served, [*files, *traces])
    for given_up in summary["given_up"]:
        terminal.say("Given up in the {phase}: {configuration}: {reason}".format(**given_up))
    terminal.left_out(result.online.left_out)
    pipelined = summary["mode"] == "throughput"
    title = "Policies, in throughput mode: latencies hold waiting" if pipelined else "Policies"
    terminal.policies(summary["policies"], title, with_rates=pipelined)
    terminal.say(f"Results: {folder}")
    tell_where(inputs.record, terminal)
