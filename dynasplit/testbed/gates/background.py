"""Other programs that compute on a host while a window is measured there."""

from __future__ import annotations

from dynasplit.testbed.gates._window import HostWindow, Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict
from hosts.wire.samples import busy_pct


class Background(Gate):
    """CPU time of all programs but the agent and what it started, of all CPUs of the host.

    Meters' programs and the SSH server are among the others: they take power and time too. Not
    judged where both hosts are one machine, which is never alone.
    """

    name = "background"
    unit = "pct"
    meaning = "other programs leave a host's CPUs alone during the window"
    source = "background: CPU load below 5 %"
    thresholds = (Threshold("max_pct", 5.0, "share of all CPUs", 0, 100),)
    cost = "none (a sample takes some 0.2 ms of one CPU, four times a second)"
    without = "somebody else's work is in latencies and energies"

    def check(self, window: Window) -> Verdict | None:
        """The host with the greater share."""
        if window.one_machine:
            return None
        told = [(pct, role) for role, h in window.hosts.items() if (pct := _pct(h)) is not None]
        if not told:
            return None
        (found_pct, role), limit_pct = max(told), self.limit("max_pct")
        said = f"{role}: others take {found_pct:.0f} % of its CPUs; at most {limit_pct:g} % may be"
        return Verdict(found_pct, limit_pct, said if found_pct > limit_pct else "")


def _pct(host: HostWindow) -> float | None:
    return busy_pct(host.sampled)
