"""A meter that is read more often than it measures."""

from __future__ import annotations

from hosts.emulation.faults.base import Asked, MeterFault, Parameter, Reading


class RepeatingMeter(MeterFault):
    """Of each `times` readings the first one's value."""

    name = "repeating_meter"
    meaning = "each value comes that often, with times that go on"
    parameters = (Parameter("times", 5, 2, 10_000, "readings with one value", whole=True),)

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self._count, self._held_w = 0, 0.0

    def acting(self, reading: Reading) -> Reading:
        """The value that is held."""
        if self._count % int(self.number("times")) == 0:
            self._held_w = reading[1]
        self._count += 1
        return reading[0], self._held_w
