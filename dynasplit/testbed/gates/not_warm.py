"""A warm-up that ended before latencies were steady."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict
from hosts.wire import warm


class NotWarm(Gate):
    """The change from the warm-up's last third but one to its last third, beyond its noise.

    The agent goes on warming up until it is below 1 %, or until measure.max_warmup_s.
    """

    name = "not_warm"
    unit = "pct"
    meaning = "the warm-up went on until latencies were steady"
    source = "warm-up: until stable, at least 5"
    thresholds = (Threshold("max_pct", 1.0, "change of latency beyond three standard errors"),)
    cost = "measure.max_warmup_s a window at most"
    without = "a window may begin while caches, clocks or a GPU still settle"

    def check(self, window: Window) -> Verdict | None:
        """Where the warm-up waits for steady latencies."""
        report, limit_pct = window.report, self.limit("max_pct")
        if window.rules.max_warmup_s <= 0:
            return None
        batches = report.inferences[: report.first : report.batch_size]
        change = warm.change(warm.times_ns(batches, report.mode == "throughput"))
        if change is None:
            said = f"only {len(batches)} inferences fitted into the warm-up; at least"
            return Verdict(float("nan"), limit_pct, f"{said} {warm.FEWEST} are needed to judge it")
        said = (
            f"latency still changes by {100 * change:+.1f} % at the end of the warm-up, beyond "
            f"its noise; at most {limit_pct:g} % may be: measure.max_warmup_s="
            f"{window.rules.max_warmup_s:g} is too short, or the host does not settle"
        )
        return Verdict(100 * abs(change), limit_pct, said if 100 * abs(change) > limit_pct else "")
