"""An energy that is not known narrowly enough."""

from __future__ import annotations

import math

from dynasplit.testbed.gates._spread import half_ci
from dynasplit.testbed.gates._window import HostWindow, Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class EnergyCi(Gate):
    """Half the 95 % confidence interval of the energy, from the readings' own spread.

    Readings are taken in blocks, as neighbours resemble each other. It holds chance alone: what a
    meter is off by all the time is not in it. With `again` the window is measured again at
    twice the length, up to measure.max_window_s.
    """

    name = "energy_ci"
    unit = "pct"
    meaning = "the energy is known within so much (half its 95 % confidence interval)"
    source = "duration by confidence interval, at least 20 samples a window"
    thresholds = (Threshold("max_pct", 20.0, "half the interval, of the energy"),)
    cost = "none; with action=again a window of twice the length, up to measure.max_window_s"
    without = "an energy may be of few readings that scatter"

    def check(self, window: Window) -> Verdict | None:
        """Both hosts' together, of the energy that is counted."""
        whole_j = window.energies.energy_j
        whole_j = window.energies.edge_energy_j if whole_j is None else whole_j
        parts_j = [_half_j(host) for host in window.hosts.values() if host.traces.traces]
        known_j = [j for j in parts_j if j is not None]
        if not whole_j or whole_j <= 0 or len(known_j) < len(parts_j) or not known_j:
            return None
        found_pct = 100.0 * math.hypot(*known_j) / len(window.inferences) / whole_j
        limit_pct = self.limit("max_pct")
        said = f"the energy is known within {found_pct:.0f} %; at most {limit_pct:g} % may be"
        failed = found_pct > limit_pct
        return Verdict(found_pct, limit_pct, said if failed else "", longer=failed)


def _half_j(host: HostWindow) -> float | None:
    """Of one host's window; None: too few readings."""
    found_w = [half_ci(host.inside(name)) for name in host.counted()]
    known_w = [w for w in found_w if w is not None]
    if len(known_w) < len(found_w):
        return None
    return math.hypot(*known_w) * host.traces.length_s
