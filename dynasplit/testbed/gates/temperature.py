"""A host that is too hot."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Temperature(Gate):
    """The highest temperature that a host's sampler saw, from warm-up to lead-out."""

    name = "temperature"
    unit = "c"
    meaning = "hosts stay below the temperature at which they slow down"
    source = "a Raspberry Pi lowers its frequency from 80 degrees on, most others from above"
    thresholds = (Threshold("max_c", 80.0, "of the hottest thermal zone", 0, 200),)
    cost = "none"
    without = "a host that is about to slow down is not told"

    def check(self, window: Window) -> Verdict | None:
        """Of the hotter host."""
        told = [
            (one.temperature_c, role)
            for role, host in window.hosts.items()
            for one in host.samples
            if one.temperature_c is not None
        ]
        if not told:
            return None
        (found_c, role), limit_c = max(told), self.limit("max_c")
        said = f"{role}: {found_c:.0f} degrees; at most {limit_c:g} may be"
        return Verdict(found_c, limit_c, said if found_c > limit_c else "")
