"""A meter whose clamp sits the wrong way round, or whose driver takes a sign for a value."""

from __future__ import annotations

from hosts.emulation.faults.base import MeterFault, Parameter, Reading
from hosts.emulation.noise import generator


class NegativeMeter(MeterFault):
    """The sign of some readings is turned, drawn by the board's seed and their time."""

    name = "negative_meter"
    meaning = "a share of the readings is negative"
    parameters = (Parameter("share", 1.0, 0.0, 1.0, "of the readings"),)

    def acting(self, reading: Reading) -> Reading:
        """With its sign turned, or not."""
        time_ns, watts = reading
        turned = generator(self.seed, self.name, time_ns).random() < self.number("share")
        return time_ns, -watts if turned else watts
