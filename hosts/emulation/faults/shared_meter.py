"""A meter before a socket strip."""

from __future__ import annotations

from hosts.emulation.faults.base import OutletFault


class SharedMeter(OutletFault):
    """Both hosts hang behind it."""

    name = "shared_meter"
    meaning = "the meter stands before both hosts"

    def true_w(self, own_w: float, other_w: float) -> float:
        """Of both."""
        return own_w + other_w
