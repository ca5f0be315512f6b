"""An agent that is killed."""

from __future__ import annotations

from hosts.emulation.faults.base import DeathFault


class DeadAgent(DeathFault):
    """It strikes once board time has come so far, whatever is going on."""

    name = "dead_agent"
    meaning = "the host's agent is killed at its first work from then on"
    victim = "agent"
