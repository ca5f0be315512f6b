"""A frequency that takes its time."""

from __future__ import annotations

from hosts.emulation.faults.base import FrequencyFault, Parameter


class LaggingFrequency(FrequencyFault):
    """The files say the new frequency at once; the CPU follows."""

    name = "lagging_frequency"
    meaning = "all files say the new frequency at once, the CPU follows late_s after the write"
    parameters = (Parameter("late_s", 2.0, 0.001, 1e6, "until it follows"),)
    shows = False

    def bent_mhz(self, at_ns: int) -> float:
        """As before for a while, if the write came while it acts."""
        waits = self.acts(self.set_ns) and at_ns < self.set_ns + self.ns("late_s")
        return self.before_mhz if waits else self.set_mhz

    def next_change_ns(self, at_ns: int, busy: bool) -> int | None:
        """As any fault, or when it follows."""
        return self.sooner_ns(super().next_change_ns(at_ns, busy), at_ns, self.ns("late_s"))
