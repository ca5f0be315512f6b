"""Looks for whatever is wrong with two hosts, before anything is measured on them."""

from __future__ import annotations

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.network_order import order_of
from dynasplit.app.setup.preflight import preflight
from dynasplit.app.setup.resolve import record_inputs
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError

ON_HOSTS = True
"""It works on the hosts of its configuration."""


def check(config: Config) -> None:
    """Refuse hosts that are no hosts."""
    hosts = kind_of(config)
    hosts.check()
    if not hosts.computes:
        raise ConfigurationError(
            f"hosts={hosts.name}: there are no hosts to look at; allowed: emulated, local, or "
            "hosts of your own"
        )
    order_of(config)


def run(config: Config) -> None:
    """Look at login, files, knobs, runtimes, link and meters; print one table.

    Raises:
        PreflightFailed: what keeps the hosts from measuring.
    """
    with Terminal() as terminal:
        hosts = kind_of(config)
        for remark in hosts.remarks():
            terminal.say(remark)
        preflight(hosts, record_inputs(config), terminal, quick_only=config.dry_run)
