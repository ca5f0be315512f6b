"""A CPU frequency that is not the one that was set."""

from __future__ import annotations

import statistics

from dynasplit.testbed.gates._window import HostWindow, Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_KNOB = "cpu_mhz"


class HeldFrequency(Gate):
    """The median frequency during the window is the knob's value.

    Knobs are read before and after a run; this looks in between. A value that ends in 1 MHz stands
    for all turbo frequencies from it on, as acpi-cpufreq lists them: above it is right.
    """

    name = "held_frequency"
    unit = "mhz"
    meaning = "the CPU runs at the frequency that was set during the window"
    source = "frequency: set, read back, sampled during, checked after; +-10 MHz"
    thresholds = (Threshold("max_mhz", 10.0, "difference of the median to what was set"),)
    cost = "none; with action=again the window is measured again"
    without = "a run at another frequency stands for this one, as in published tables"

    def check(self, window: Window) -> Verdict | None:
        """Of the host whose frequency is farther off."""
        told = [(mhz, r) for r, host in window.hosts.items() if (mhz := _off_mhz(host)) is not None]
        if not told:
            return None
        (found_mhz, role), limit_mhz = max(told), self.limit("max_mhz")
        set_mhz = window.hosts[role].knobs[_KNOB]
        said = (
            f"{role}: the CPU ran {found_mhz:.0f} MHz off the {set_mhz} MHz that were set; "
            f"at most {limit_mhz:g} MHz may be"
        )
        return Verdict(found_mhz, limit_mhz, said if found_mhz > limit_mhz else "")


def _off_mhz(host: HostWindow) -> float | None:
    asked = host.knobs.get(_KNOB)
    seen = [one.cpu_mhz for one in host.sampled if one.cpu_mhz is not None]
    if not isinstance(asked, int) or not seen:
        return None
    off_mhz = statistics.median(seen) - asked
    return max(0.0, -off_mhz) if asked % 10 == 1 else abs(off_mhz)
