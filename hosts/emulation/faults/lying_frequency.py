"""cpufreq files that lie."""

from __future__ import annotations

from hosts.emulation.faults.base import FrequencyFault, Parameter


class LyingFrequency(FrequencyFault):
    """The files say what was set; the silicon keeps a frequency of its own."""

    name = "lying_frequency"
    meaning = "all files say the frequency that was set, the CPU runs at another one"
    parameters = (
        Parameter(
            "mhz", None, 10, 20_000, "at which it runs; null: the one that it had when this began"
        ),
    )
    shows = False

    def bent_mhz(self, at_ns: int) -> float:
        """The parameter, else what it was before."""
        if self.values["mhz"] is not None:
            return self.number("mhz")
        return self.before_mhz if self.acts(self.set_ns) else self.set_mhz
