"""A meter that smooths."""

from __future__ import annotations

from hosts.emulation.faults.base import Asked, MeterFault, Parameter, Reading


class AveragingMeter(MeterFault):
    """Each reading is the mean of those of the last `mean_s`."""

    name = "averaging_meter"
    meaning = "each reading is the mean over the last mean_s"
    parameters = (Parameter("mean_s", 1.0, 0.001, 3600, "of the moving mean"),)

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self._past: list[Reading] = []

    def bent(self, reading: Reading) -> Reading:
        """Remembers what was, even before it acts."""
        self._past.append(reading)
        while self._past[0][0] <= reading[0] - self.ns("mean_s"):
            del self._past[0]
        if not self.acts(reading[0]):
            return reading
        return reading[0], sum(watts for _, watts in self._past) / len(self._past)
