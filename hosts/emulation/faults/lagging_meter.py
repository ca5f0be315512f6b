"""A meter that shows what was some time ago."""

from __future__ import annotations

from hosts.emulation.faults.base import Asked, MeterFault, Parameter, Reading


class LaggingMeter(MeterFault):
    """Values of `lag_s` ago, stamped as of now; the first value until there are older ones."""

    name = "lagging_meter"
    meaning = "values are of lag_s ago, with the times of now"
    parameters = (Parameter("lag_s", 0.5, 0.001, 3600, "how late they are"),)

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self._past: list[Reading] = []

    def bent(self, reading: Reading) -> Reading:
        """Remembers what was, even before it acts."""
        self._past.append(reading)
        while len(self._past) > 1 and self._past[1][0] <= reading[0] - self.ns("lag_s"):
            del self._past[0]
        return (reading[0], self._past[0][1]) if self.acts(reading[0]) else reading
