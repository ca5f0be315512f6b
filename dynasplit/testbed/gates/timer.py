"""Single inferences that took far longer than the others."""

from __future__ import annotations

import statistics

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_FEWEST = 5


class Timer(Gate):
    """Outliers: their share of the window, and how far they lie above the median.

    Each inference is timed by itself and the median is robust; but a time that comes from elsewhere
    (a loader, a timer, another program) shows in single inferences first.
    """

    name = "timer"
    unit = "pct"
    meaning = "single inferences take far longer than the median one"
    source = "latencies that held a loader's time, on the steps of a doubling timer"
    thresholds = (
        Threshold("far_pct", 50.0, "how far above the median an outlier begins"),
        Threshold("max_pct", 10.0, "share of outliers in a window", 0, 100),
    )
    cost = "none"
    without = "the tail of the latencies may be somebody else's"

    def check(self, window: Window) -> Verdict | None:
        """The outliers' share, and the median of their excess."""
        times_ms = window.latencies_ms
        if len(times_ms) < _FEWEST:
            return None
        median_ms, limit_pct = statistics.median(times_ms), self.limit("max_pct")
        far_ms = median_ms * (1 + self.limit("far_pct") / 100)
        outliers_ms = [t for t in times_ms if t > far_ms]
        share_pct = 100.0 * len(outliers_ms) / len(times_ms)
        if not outliers_ms:
            return Verdict(0.0, limit_pct)
        above_pct = 100.0 * (statistics.median(outliers_ms) / median_ms - 1)
        said = (
            f"{share_pct:.0f} % of the inferences took {above_pct:.0f} % longer than the median "
            f"({median_ms:.3g} ms); at most {limit_pct:g} % of them may be above it by "
            f"{self.limit('far_pct'):g} %"
        )
        kept = {"timer_above_pct": above_pct}
        return Verdict(share_pct, limit_pct, said if share_pct > limit_pct else "", kept)
