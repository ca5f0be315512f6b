"""A meter at the wrong host."""

from __future__ import annotations

from hosts.emulation.faults.base import OutletFault


class SwappedMeter(OutletFault):
    """It keeps its own errors and period, and measures the other host."""

    name = "swapped_meter"
    meaning = "the meter stands before the other host"

    def true_w(self, own_w: float, other_w: float) -> float:
        """The other's."""
        return other_w
