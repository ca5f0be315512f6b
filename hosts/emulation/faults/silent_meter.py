"""A meter with gaps."""

from __future__ import annotations

from hosts.emulation.faults.base import MeterFault, Parameter, Reading


class SilentMeter(MeterFault):
    """No readings for a while, again and again; its times go on."""

    name = "silent_meter"
    meaning = "no readings for gap_s, each every_s"
    parameters = (
        Parameter("gap_s", 1.0, 0.001, 1e7, "length of a gap"),
        Parameter("every_s", None, 0.002, 1e7, "from gap to gap; null: there is one"),
    )

    def acting(self, reading: Reading) -> Reading | None:
        """Nothing in a gap."""
        since_ns = reading[0] - self.after_ns
        if self.values["every_s"] is not None:
            since_ns %= self.ns("every_s")
        return None if since_ns < self.ns("gap_s") else reading
