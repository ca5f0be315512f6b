"""A frequency that goes back by itself."""

from __future__ import annotations

from hosts.emulation.faults.base import FrequencyFault, Parameter


class RevertingFrequency(FrequencyFault):
    """Somebody else, a daemon or the firmware, sets it back to what it was."""

    name = "reverting_frequency"
    meaning = "some time after a write the old frequency is back, and the files say so"
    parameters = (Parameter("back_s", 2.0, 0.001, 1e6, "after the write"),)

    def bent_mhz(self, at_ns: int) -> float:
        """As it was set, and after a while as before, if the write came while it acts."""
        is_back = self.acts(self.set_ns) and at_ns >= self.set_ns + self.ns("back_s")
        return self.before_mhz if is_back else self.set_mhz

    def next_change_ns(self, at_ns: int, busy: bool) -> int | None:
        """As any fault, or when it goes back."""
        return self.sooner_ns(super().next_change_ns(at_ns, busy), at_ns, self.ns("back_s"))
