"""Idle power that is another one than it was."""

from __future__ import annotations

from dynasplit.testbed.gates._window import IdleWindow
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class IdleDrift(Gate):
    """The change of idle power since the baseline before; told with measure.baseline_every."""

    name = "idle_drift"
    unit = "pct"
    meaning = "idle power is what it was at the baseline before"
    source = "a room, a supply or a host that changes over a run of days"
    thresholds = (Threshold("max_pct", 5.0, "change since the baseline before"),)
    cost = "measure.baseline_s every measure.baseline_every measurements; null: none"
    without = "a run's late energies are not known to be those of its early ones"

    def check_idle(self, idle: IdleWindow) -> Verdict | None:
        """Of the host's counted channels together."""
        if not idle.before_w:
            return None
        change_pct = 100.0 * (idle.mean_w / idle.before_w - 1)
        limit_pct = self.limit("max_pct")
        said = (
            f"{idle.role}: idle power was {idle.before_w:.4g} W and is {idle.mean_w:.4g} W, "
            f"{change_pct:+.1f} %; at most {limit_pct:g} % may be"
        )
        return Verdict(abs(change_pct), limit_pct, said if abs(change_pct) > limit_pct else "")
