"""An idle baseline during which other programs kept the CPU busy."""

from __future__ import annotations

from dynasplit.testbed.gates._window import IdleWindow
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class IdleLoad(Gate):
    """The load of a host while its idle power is measured, where the host tells it."""

    name = "idle_load"
    unit = "pct"
    meaning = "nobody else works on a host while its idle power is measured"
    source = "background: CPU load below 5 %"
    thresholds = (Threshold("max_pct", 5.0, "busy share of all CPUs", 0, 100),)
    cost = "none; with action=again the baseline is measured again"
    without = "energies net of idle are too small by what others drew"

    def check_idle(self, idle: IdleWindow) -> Verdict | None:
        """The busy share of its CPUs."""
        if idle.load_pct is None:
            return None
        limit_pct = self.limit("max_pct")
        said = (
            f"{idle.role}: {idle.load_pct:.0f} % of its CPUs are busy while idle power is "
            f"measured; at most {limit_pct:g} % may be"
        )
        return Verdict(idle.load_pct, limit_pct, said if idle.load_pct > limit_pct else "")
