"""A frequency write that is accepted and changes nothing; the files still say the old one."""

from __future__ import annotations

from hosts.emulation.faults.base import FrequencyFault


class IgnoredFrequency(FrequencyFault):
    """A write is accepted, nothing changes, and the files say the old frequency."""

    name = "ignored_frequency"
    meaning = "a write is accepted, nothing changes, the files say the old frequency"

    def bent_mhz(self, at_ns: int) -> float:
        """As before the write, if that came while it acts."""
        return self.before_mhz if self.acts(self.set_ns) else self.set_mhz
