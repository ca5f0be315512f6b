"""Search a space for its Pareto front, then serve requests from it by every policy."""

from __future__ import annotations

from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.report import write_offline_report, write_report
from dynasplit.app.setup import dry_run
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.open_run import open_run
from dynasplit.app.setup.phases import RunResult, front_of, offline_phase, online_phase
from dynasplit.app.setup.preflight import look_first
from dynasplit.app.setup.resolve import check_early, prepared_inputs
from dynasplit.config.schema import Config
from dynasplit.run.writable import check_could_be_written, check_writable

ON_HOSTS = True
"""It measures on the hosts of its configuration."""


def check(config: Config) -> None:
    """Refuse what cannot be, before this or any other job of a multirun starts.

    Raises:
        DynaSplitError: what was asked, what was found, what is allowed.
    """
    check_early(kind_of(config))


def run(config: Config) -> None:
    """Run the two phases, or say what they would do.

    Raises:
        DynaSplitError: it cannot be done; what was measured is kept in the run's folder.
    """
    with Terminal() as terminal:
        hosts = kind_of(config)
        if config.dry_run:
            check_could_be_written(Path(config.results_dir), config.name)
            look_first(hosts, terminal, show_all=True)
            dry_run.tell(hosts, terminal)
            return
        check_writable(Path(config.results_dir))
        for remark in hosts.remarks():
            terminal.say(remark)
        look_first(hosts, terminal)
        inputs = prepared_inputs(hosts, terminal)
        with open_run(inputs, terminal) as opened:
            offline = offline_phase(inputs, opened.session)
            front = front_of(inputs, offline)
            files = write_offline_report(inputs, offline, front, opened, terminal)
            online = online_phase(front, inputs, opened.session, offline)
            opened.put_hosts_back()
            write_report(inputs, RunResult(offline, front, online), opened, terminal, files)
