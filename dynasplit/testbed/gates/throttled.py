"""A processor that was throttled during a window."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_CONDITION = "throttled_flags"


class Throttled(Gate):
    """New throttling: the kernel's counts, a firmware's flags, or a condition `throttled_flags`.

    Not judged where both hosts are one machine: a laptop throttles whenever it works, and no
    frequency is promised there.
    """

    name = "throttled"
    unit = "events"
    meaning = "no processor was throttled from warm-up to lead-out"
    source = "throttling: any new flag invalidates the run"
    thresholds = (Threshold("max_events", 0.0, "times, or flags"),)
    action = "again"
    cost = "the window is measured again; a host that is too hot is given up by name"
    without = "a hot host's latencies are taken for those of its set frequency"

    def check(self, window: Window) -> Verdict | None:
        """Of the host that was throttled most."""
        if window.one_machine:
            return None
        told: list[tuple[float, str]] = []
        for role, host in window.hosts.items():
            counts = [one.throttled for one in host.samples if one.throttled is not None]
            if len(counts) > 1:
                told.append((counts[-1] - counts[0], role))
            flags = window.conditions.get(f"{role}_{_CONDITION}")
            if flags is not None:
                told.append((flags, role))
        if not told:
            return None
        (found, role), limit = max(told), self.limit("max_events")
        said = f"{role}: throttled {found:.0f} times during the run; at most {limit:g} may be"
        return Verdict(found, limit, said if found > limit else "")
