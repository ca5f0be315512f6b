"""A meter that tells what its host drew some time ago."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Late(Gate):
    """By how much readings come after the work that they are of, beyond what the meter states.

    The times at which a host has computed are known; readings that follow them with a delay, or
    smoothed over a longer time than the meter says, are fitted far better by it. Half an averaging
    time counts as delay. Looked at are the last windows together: a delay longer than one of them
    gives each configuration the energy of the one before.
    """

    name = "late"
    unit = "s"
    meaning = "a meter's readings follow the host's work without a delay of their own"
    source = "a value that is 2 s old: energies off by -28 to +97 %, and nothing said"
    thresholds = (
        Threshold("max_times", 5.0, "delay beyond the stated one, in periods of the meter"),
    )
    is_kept = False
    cost = "none; with action=again the window is measured again"
    without = "a configuration gets the power of what was measured before it"

    def check(self, window: Window) -> Verdict | None:
        """Of the channel that is latest."""
        from dynasplit.testbed.meter_delay import delay_of

        worst: Verdict | None = None
        for words, host, name in window.channels():
            if name not in host.history:
                continue
            found = delay_of(host.history[name], host.runs)
            if found is None:
                continue
            header = host.headers.get(name)
            stated_s = (
                ((header.delay_s or 0.0) + (header.averaging_s or 0.0) / 2) if header else 0.0
            )
            limit_s = stated_s + self.limit("max_times") * host.history[name].period_s
            said = (
                f"{words}: its readings are {found.late_s:.1f} s later than the host's work; at "
                f"most {limit_s:.1f} s may be: let it say so (delay_s, averaging_s), or mend it"
            )
            verdict = Verdict(found.late_s, limit_s, said if found.late_s > limit_s else "")
            if worst is None or found.late_s - limit_s > worst.found - worst.allowed:
                worst = verdict
        return worst
