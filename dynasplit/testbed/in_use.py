"""Refuses a host that another controller uses, right after the login and before it is touched.

The agent itself takes the lease (`hosts/machine/lease.py`); this look comes seconds earlier, before
programs are pushed, meters read or a network prepared.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import socket

from dynasplit.core.errors import HostBusy, HostProgramFailed
from dynasplit.testbed.connection import HostConnection
from hosts.wire.lease import ROLES, Holder, holder_of, refusal

_TRIES, _STEP_S = 5, 0.1

# Prints who holds each lease, one a line. A lock that is just being let go is waited for. Where
# flock is missing, or a file cannot be opened, its exit code is not 1, and the agent will tell.
_LOOK = """state="${{DYNASPLIT_STATE:-${{XDG_STATE_HOME:-$HOME/.local/state}}/dynasplit}}"
is_held() {{ flock -s -n "$1" true 2>/dev/null; [ $? -eq 1 ]; }}
for role in {roles}; do
  lease="$state/$role.lease"; [ -e "$lease" ] || continue
  left={tries}
  while is_held "$lease" && [ $left -gt 0 ]; do sleep {step_s}; left=$((left - 1)); done
  [ $left -gt 0 ] || {{ printf '%s ' "$role"; head -n 1 "$lease"; echo; }}
done"""


def who_asks() -> str:
    """This controller's user, host and process."""
    user = "unknown user"
    with contextlib.suppress(OSError, KeyError):  # a user without a name
        user = getpass.getuser()
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"


def check_free(host: HostConnection, role: str) -> None:
    """Refuse a host that another controller uses, in whichever role.

    Args:
        host: where it is.
        role: that it is wanted in.

    Raises:
        HostBusy: says who uses it, as what, and since when.
    """
    others = [other for other in ROLES if other != role]
    look = _LOOK.format(roles=" ".join((role, *others)), tries=_TRIES, step_s=_STEP_S)
    told = ""
    with contextlib.suppress(HostProgramFailed):  # what keeps commands from running is told later
        told = host.feed(look)
    for line in told.splitlines():
        held_as, _, content = line.partition(" ")
        holder = holder_of(content.encode())
        if held_as == role or not _is_own(holder):
            raise HostBusy(f"{role} host {host.address}: {refusal(held_as, holder)}")


def _is_own(holder: Holder | None) -> bool:
    return holder is not None and holder.controller == who_asks()
