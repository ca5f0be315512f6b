"""A host that is gone."""

from __future__ import annotations

from hosts.emulation.faults.base import DeathFault


class DeadSshServer(DeathFault):
    """It strikes once board time has come so far, whatever is going on."""

    name = "dead_sshd"
    meaning = "the host's SSH server is killed, and its programs with it"
    victim = "sshd"
