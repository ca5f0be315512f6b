"""Makes bare hosts ready for a first run: an environment, packages, rights."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.kinds.ssh import SshHosts
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError, TestbedError
from dynasplit.provision.environment import METERS, environment_of
from dynasplit.provision.provisioning import provision
from dynasplit.provision.steps import Progress
from dynasplit.testbed.address import HostAddress, MeterSpec, meter_machines

ROLES = ("edge", "cloud")


ON_HOSTS = True
"""It works on the hosts of its configuration."""


def check(config: Config) -> None:
    """Refuse hosts that are no hosts of one's own, and interpreters of the system."""
    addresses_of(config)


def run(config: Config) -> None:
    """Show what each host needs, and do it; all at once.

    Raises:
        TestbedError: something is left to do; the table says what.
    """
    with Terminal() as terminal:
        found = list(_each(config, addresses_of(config), terminal))
        terminal.console.print(table(found))
        left = [line for progress in found for line in _told(progress, config, terminal)]
    if left:
        raise TestbedError("; ".join(left))


def addresses_of(config: Config) -> dict[str, HostAddress]:
    """The hosts, by role, and other machines that their meters run on.

    Raises:
        ConfigurationError: they are of another kind, or one environment would be for both roles.
    """
    hosts = kind_of(config)
    if not isinstance(hosts, SshHosts):
        raise ConfigurationError(
            f"hosts.kind={hosts.name}; allowed: ssh, since only hosts of one's own are made ready"
        )
    hosts.check()
    found = dict(zip(ROLES, hosts.addresses, strict=True))
    places = [(a.address, environment_of(a.python, role)) for role, a in found.items()]
    if len(set(places)) < len(places):
        raise ConfigurationError(
            f"hosts.edge and hosts.cloud are both {places[0][0]}; allowed: two hosts, or an "
            "environment for each (hosts.edge.python, hosts.cloud.python)"
        )
    return found | _other_machines(found)


def _other_machines(hosts: Mapping[str, HostAddress]) -> dict[str, HostAddress]:
    """`meters`, `meters2`, ...: machines that are no host, each with the meters that run there."""
    at: dict[HostAddress, list[MeterSpec]] = {}
    for host in hosts.values():
        for machine in meter_machines(host):
            if (machine.address, machine.port) not in [(h.address, h.port) for h in hosts.values()]:
                there = [replace(m, runs_on=None) for m in host.meters if m.runs_on == machine]
                at.setdefault(machine, []).extend(there)
    found = {}
    for number, (machine, meters) in enumerate(at.items(), start=1):
        role = METERS if number == 1 else f"{METERS}{number}"
        environment_of(machine.python, role)
        found[role] = replace(machine, meters=tuple(meters))
    return found


def table(found: list[Progress]) -> Table:
    """What each host needs, as a person reads it."""
    made = Table(title="Hosts", title_justify="left")
    for column in ("host", "step", "", "what"):
        made.add_column(column, overflow="fold")
    for progress in found:
        for step, outcome in progress.steps:
            made.add_row(f"{progress.role}", step.name, outcome, escape(step.about))
        for line in progress.errors:
            made.add_row(progress.role, "", "error", escape(line))
        for line in progress.remarks:
            made.add_row(progress.role, "", "to know", escape(line))
    return made


def _each(config: Config, addresses: dict[str, HostAddress], terminal: Terminal) -> list[Progress]:
    stopped = threading.Event()

    def one(role: str) -> Progress:
        address = addresses[role]
        try:
            return provision(
                role,
                address,
                terminal.say,
                dry_run=config.dry_run,
                undo=config.provision.undo,
                is_stopped=stopped.is_set,
            )
        except TestbedError as error:
            return Progress(role, str(address), errors=[str(error)])

    with ThreadPoolExecutor(len(addresses)) as all_at_once:
        try:
            return list(all_at_once.map(one, addresses))
        except KeyboardInterrupt:
            stopped.set()
            terminal.say("Interrupted: a step that is under way is finished, no other one begins")
            raise


def _told(progress: Progress, config: Config, terminal: Terminal) -> list[str]:
    """Print what would be done, or is left to the administrator; say what is left."""
    if config.dry_run:
        for step, outcome in progress.steps:
            if step.script:
                terminal.say(f"\n{progress.role} host: {step.name} ({outcome}):\n{step.script}")
        return list(progress.errors)
    left = [f"{progress.role} host: {line}" for line in progress.errors]
    if progress.root_script:
        name = "undo_as_root" if config.provision.undo else "as_root"
        path = Path(config.results_dir) / f"{progress.role}_{name}.sh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(progress.root_script, "utf-8")
        terminal.say(
            f"\nFor the administrator of the {progress.role} host:\n{progress.root_script}"
        )
        left.append(
            f"{progress.role} host: this login may not use sudo without a password: have its "
            f"administrator run {path} there as root (sudo sh {path.name}), then start this again"
        )
    return left
