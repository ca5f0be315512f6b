"""An idle baseline whose power changed from its first half to its second."""

from __future__ import annotations

import math
import statistics

from dynasplit.testbed.gates._spread import pooled_sd
from dynasplit.testbed.gates._window import IdleWindow
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_FEWEST = 6
_SURE = 3.0


class IdleSteady(Gate):
    """The halves of an idle window draw the same, beyond three standard errors."""

    name = "idle_steady"
    unit = "pct"
    meaning = "idle power is the same in both halves of the baseline"
    source = "a host that still settles, or that somebody uses"
    thresholds = (
        Threshold("max_pct", 5.0, "difference of the halves beyond three standard errors"),
    )
    cost = "none; with action=again the baseline is measured again"
    without = "energies net of idle are off by what the baseline is"

    def check_idle(self, idle: IdleWindow) -> Verdict | None:
        """The greatest difference of any channel that counts."""
        found = [(_change_pct(idle, name), name) for name in idle.traces.counted]
        told = [(abs(pct), pct, name) for pct, name in found if pct is not None]
        if not told:
            return None
        size_pct, change_pct, name = max(told)
        limit_pct = self.limit("max_pct")
        said = (
            f"{idle.role} {name}: idle power changes by {change_pct:+.1f} % from the baseline's "
            f"first half to its second; at most {limit_pct:g} % may be"
        )
        return Verdict(size_pct, limit_pct, said if size_pct > limit_pct else "")


def _change_pct(idle: IdleWindow, name: str) -> float | None:
    trace = idle.traces.traces[name].within(0.0, idle.traces.length_s)
    watts: list[float] = trace.watts.tolist()
    if len(watts) < _FEWEST:
        return None
    halves = watts[: len(watts) // 2], watts[len(watts) // 2 :]
    first_w, second_w = map(statistics.fmean, halves)
    if first_w <= 0:
        return None
    noise_w = _SURE * pooled_sd(halves) * math.sqrt(2 / len(halves[0]))
    change_w = second_w - first_w
    return 100.0 * math.copysign(max(0.0, abs(change_w) - noise_w), change_w) / first_w
