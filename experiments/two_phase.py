"""Search a space for its Pareto front, then serve requests from it by every policy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.outputs import summary_of, write_outputs
from dynasplit.app.report.tracking import open_tracking, record, tell_where
from dynasplit.app.setup import dry_run, local_machine
from dynasplit.app.setup.phases import Outcome, check_phases, run_phases
from dynasplit.app.setup.prepare_model import NEEDED_BY, order_of, prepared
from dynasplit.app.setup.run_inputs import Ground, ground_of, is_known_early
from dynasplit.app.setup.testbeds import open_testbed
from dynasplit.config.load import determining
from dynasplit.config.schema import Config
from dynasplit.core.events import Event, Finished, Subscriber
from dynasplit.recorder import Recorder, import_early
from dynasplit.run.identity import git_revision, identity_of
from dynasplit.run.journal import Journal
from dynasplit.run.run_folder import RunFolder, check_writable, open_run_folder


def check(config: Config) -> None:
    """Refuse what cannot be, before this or any other job of a multirun starts.

    Raises:
        DynaSplitError: what was asked, what was found, what is allowed.
    """
    if config.hosts.kind in NEEDED_BY:
        order_of(config)
    if is_known_early(config):
        check_phases(config, ground_of(config, progress=print))


def run(config: Config) -> None:
    """Run the two phases, or say what they would do.

    Raises:
        DynaSplitError: it cannot be done; what was measured is kept in the run's folder.
    """
    if config.dry_run:
        dry_run.tell(config, Terminal())
        return
    results = Path(config.results_dir)
    check_writable(results)
    config = local_machine.settled(config)
    with Terminal() as terminal:
        local_machine.tell(config, terminal)
        manifest = prepared(config, terminal) if config.hosts.kind in NEEDED_BY else None
        ground = ground_of(config, manifest, terminal.say)
        check_phases(config, ground)
        if ground.is_predicted:
            terminal.say(
                f"Timings of {ground.network} are assumed: profile {config.hosts.profile} predicts "
                "them from its multiply-accumulates, with the accelerator off"
            )
        outcome, summary, folder = _run_on(ground, config, results, terminal)
    for name, why in outcome.left_out.items():
        terminal.say(f"Policy {name} was left out: {why.removeprefix(f'policy {name} ')}")
    pipelined = summary["mode"] == "throughput"
    title = "Policies, in throughput mode: latencies hold waiting" if pipelined else "Policies"
    terminal.policies(summary["policies"], title, with_rates=pipelined)
    terminal.say(f"Results: {folder}")
    tell_where(config, terminal)


def _run_on(
    ground: Ground, config: Config, results: Path, terminal: Terminal
) -> tuple[Outcome, Mapping[str, Any], Path]:
    identity = identity_of(
        determining(config), files=_files(config), artifacts=ground.artifact_hashes
    )
    with open_run_folder(
        results,
        config.name,
        identity,
        resume=config.resume,
        configuration=determining(config),
        git_revision=git_revision(),
    ) as folder:
        went_on = ", continued" if folder.resumed else ""
        terminal.say(f"{config.name} on {config.hosts.kind} hosts, in {folder.path}{went_on}")
        if ground.profile is not None and ground.is_made_up:
            terminal.say(f"Profile {ground.profile.name} is made up: no such hosts exist")
        outcome, summary = _measure_and_record(folder, config, ground, terminal)
        return outcome, summary, folder.path


def _measure_and_record(
    folder: RunFolder, config: Config, ground: Ground, terminal: Terminal
) -> tuple[Outcome, Mapping[str, Any]]:
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(folder.path / "journal.jsonl"))
        hosts = stack.enter_context(ExitStack())
        import_early(config.tracking.kind)
        with terminal.during("Making the hosts ready"):
            opening = open_testbed(config, ground, folder.path, journal.measurements())
            testbed = hosts.enter_context(opening)
        with terminal.during("Opening the records"):
            facts = getattr(testbed, "facts", {})
            recorder = stack.enter_context(open_tracking(config, ground, folder, journal, facts))
        outcome = run_phases(
            config,
            ground,
            testbed,
            journal,
            storage=folder.path / "study.log",
            subscriber=_both(terminal, recorder),
        )
        with terminal.during("Putting the hosts back"):
            hosts.close()
        with terminal.during("Writing results"):
            summary = summary_of(config, ground, outcome)
            files = write_outputs(folder.path, summary, ground, outcome)
            traces = [p for p in (folder.path / "traces", folder.path / "logs") if p.is_dir()]
            record(recorder, summary, outcome.served, [*files, *traces])
    if recorder.trouble is None:
        folder.finish()
    return outcome, summary


def _both(terminal: Terminal, recorder: Recorder) -> Subscriber:
    """Show each event, and record it; recording what the search measured takes its time."""

    def follow(event: Event) -> None:
        terminal(event)
        if isinstance(event, Finished) and event.phase == "repeats":
            with terminal.during("Recording the search"):
                recorder(event)
        else:
            recorder(event)

    return follow


def _files(config: Config) -> list[Path]:
    """The files that the configuration names and the result depends on."""
    named = [config.runs, config.front, config.workload.file, config.hosts.profile]
    return [Path(name) for name in named if name is not None and Path(name).is_file()]
