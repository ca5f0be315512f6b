"""A meter that derives power from a counter which is set back now and then."""

from __future__ import annotations

from hosts.emulation.clock import NS_PER_S
from hosts.emulation.faults.base import Asked, MeterFault, Parameter, Reading


class BackwardMeter(MeterFault):
    """The reading in which the counter falls is what its difference gives: far too low a power."""

    name = "backward_meter"
    meaning = "the energy counter behind the readings falls by fall_j, each every_s"
    parameters = (
        Parameter("fall_j", 100.0, 0.001, 1e9, "by how much"),
        Parameter("every_s", 10.0, 0.01, 1e7, "from one fall to the next"),
    )

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self._last_ns: int | None = None
        self._falls = 0

    def acting(self, reading: Reading) -> Reading:
        """Lowered by the fall over the time since the reading before."""
        time_ns, watts = reading
        before_ns, self._last_ns = self._last_ns, time_ns
        falls = (time_ns - self.after_ns) // self.ns("every_s")
        fallen, self._falls = falls - self._falls, falls
        if before_ns is None or not fallen:
            return reading
        return time_ns, watts - fallen * self.number("fall_j") * NS_PER_S / (time_ns - before_ns)
