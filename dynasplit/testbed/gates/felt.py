"""A CPU that computes faster or slower than the frequency that was set."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Felt(Gate):
    """Clock cycles of a loop of pure computing, beside those of all windows so far.

    A loop takes the same number of cycles at every frequency: its time, times the frequency that
    was set, is the same number all along. Files may say what they like. The loop is gone through
    before the warm-up and after the lead-out; the quicker of both counts, since anything may
    interrupt one.
    """

    name = "felt"
    unit = "pct"
    meaning = "a loop of computing takes as long as the frequency that was set lets it"
    source = "frequency: written 1800, computed at 600 in the published runs; felt, not read"
    thresholds = (
        Threshold("max_pct", 5.0, "difference of cycles to the median of the windows so far"),
    )
    is_kept = False
    cost = "two loops of some 10 ms (at 2 GHz) a window"
    without = "a frequency that files claim and silicon does not have stays in the figures"

    def check(self, window: Window) -> Verdict | None:
        """Of the host that is farther off."""
        told = [
            (100.0 * (host.cycles / host.usual_cycles - 1), role)
            for role, host in window.hosts.items()
            if host.cycles is not None and host.usual_cycles is not None
        ]
        if not told:
            return None
        off_pct, role = max(told, key=lambda one: abs(one[0]))
        limit_pct, mhz = self.limit("max_pct"), window.hosts[role].knobs["cpu_mhz"]
        said = (
            f"{role}: at {mhz} MHz a loop takes {abs(off_pct):.0f} % "
            f"{'more' if off_pct > 0 else 'fewer'} cycles than usual; at most {limit_pct:g} % may "
            "be: the CPU runs at another frequency than was set, or somebody else computes on it"
        )
        return Verdict(abs(off_pct), limit_pct, said if abs(off_pct) > limit_pct else "")
