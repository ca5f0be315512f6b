"""A machine that meters' programs run on, and that is neither of the hosts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from dynasplit.core.errors import TestbedError
from dynasplit.preflight import clock, packages
from dynasplit.preflight.findings import Finding, error, failed, ok, warning
from dynasplit.preflight.interpreter import NEWEST, OLDEST, fits, words
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.looking import first_look

ROLE = "meters"
"""Such a machine's role, by which its requirements are named."""


def check(role: str, machine: HostAddress) -> Iterator[Finding]:
    """Login, interpreter, packages and clock of a machine that a host's meters are at.

    Nothing else is asked of it: no knob, no network and no room on its disk.
    """
    name = f"{ROLE} on {machine}"
    wanted = packages.requirements(ROLE)
    try:
        with contextlib.closing(HostConnection(machine)) as host:
            first, offset = first_look(host, [one.name for one in wanted], {})
    except TestbedError as why:
        yield failed(role, name, why)
        return
    found = f"{machine.python} is Python {words(first.python)} on {first.machine}"
    if not fits(first.python):
        advice = f"name another one as python beside its address in {role}.meters"
        yield error(role, name, f"{found}; {words(OLDEST)} to {words(NEWEST)} is needed", advice)
        return
    missing = [one.name for one in wanted if first.versions.get(one.name) is None]
    install = f"+experiment=provision installs {packages.file_of(ROLE)}, or pip there"
    if "msgspec" in missing:
        yield error(role, name, f"{found}; missing: {', '.join(missing)}", install)
    elif missing:
        told = f"{found}; missing, which only some meters need: {', '.join(missing)}"
        yield warning(role, name, told, install)
    else:
        yield ok(role, name, found)
    if offset is not None:
        yield from (replace(one, check=f"{name}: clock") for one in clock.check(role, offset))
