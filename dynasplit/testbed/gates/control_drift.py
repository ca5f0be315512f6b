"""The control configuration, which is measured again and again, gives other figures by and by."""

from __future__ import annotations

from dynasplit.testbed.gates._window import ControlRuns
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class ControlDrift(Gate):
    """Latency and each channel's energy of the control, against its first runs."""

    name = "control_drift"
    unit = "pct"
    meaning = "the control configuration gives what it gave at the run's begin"
    source = "order: a control configuration every k runs shows drift"
    thresholds = (
        Threshold("max_latency_pct", 5.0, "change of latency since its first runs"),
        Threshold("max_energy_pct", 10.0, "change of a channel's energy since then"),
    )
    cost = (
        "a measurement every measure.control_every, three at the begin, up to two more where it "
        "is out"
    )
    without = "early and late configurations are not known to be measured alike"

    def check_control(self, control: ControlRuns) -> Verdict | None:
        """The figure that is furthest out, as a share of what it may be."""
        told = []
        for name, first in control.first.items():
            if name not in control.now or first <= 0:
                continue
            change_pct = 100.0 * (control.now[name] / first - 1)
            kind = "max_latency_pct" if name == "latency_ms" else "max_energy_pct"
            limit_pct = self.limit(kind)
            told.append((abs(change_pct) / (limit_pct or 1e-9), change_pct, limit_pct, name))
        if not told:
            return None
        share, change_pct, limit_pct, name = max(told)
        said = (
            f"the control {control.configuration}: {name} was {control.first[name]:.4g} and is "
            f"{control.now[name]:.4g}, {change_pct:+.1f} %; at most {limit_pct:g} % may be"
        )
        return Verdict(abs(change_pct), limit_pct, said if share > 1 else "")
