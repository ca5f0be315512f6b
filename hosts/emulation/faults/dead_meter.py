"""A meter whose program ends."""

from __future__ import annotations

from hosts.emulation.faults.base import DeathFault


class DeadMeter(DeathFault):
    """It strikes once board time has come so far, whatever is going on."""

    name = "dead_meter"
    meaning = "the meter's program ends, as often as it is begun while this acts"
    victim = "meter"
