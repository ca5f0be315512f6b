"""A meter whose display hangs."""

from __future__ import annotations

from hosts.emulation.faults.base import MeterFault, Reading


class FrozenMeter(MeterFault):
    """All readings are the first one since it acts."""

    name = "frozen_meter"
    meaning = "the meter goes on with the value that it had when this began"
    _held_w: float | None = None

    def acting(self, reading: Reading) -> Reading:
        """The same value at each time."""
        if self._held_w is None:
            self._held_w = reading[1]
        return reading[0], self._held_w
