"""Single inferences that took far longer than the others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_FEWEST = 5
_SLOW = 1.1  # of the median, from where on an inference counts for the mean


class Timer(Gate):
    """Outliers: their share of the window, and how far they lie above the median.

    Each inference is timed by itself and the median is robust; but a time that comes from elsewhere
    (a loader, a timer, another program) shows in single inferences first. The energy is a mean over
    all of them, so a few slow ones move it while the median stays: that is looked at by itself, and
    there an inference need not be far above the median.
    """

    name = "timer"
    unit = "pct"
    meaning = "single inferences take far longer than the median one"
    source = "latencies that held a loader's time, on the steps of a doubling timer"
    thresholds = (
        Threshold("far_pct", 50.0, "how far above the median an outlier begins"),
        Threshold("max_pct", 10.0, "share of outliers in a window", 0, 100),
        Threshold(
            "mean_pct", 3.0, "by how much slow ones raise the mean latency, and so the energy"
        ),
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
        further = {}
        if outliers_ms:
            further["timer_above_pct"] = 100.0 * (statistics.median(outliers_ms) / median_ms - 1)
        said = self._raised(times_ms, median_ms)
        if share_pct > limit_pct:
            said = (
                f"{share_pct:.0f} % of the inferences took {further['timer_above_pct']:.0f} % "
                f"longer than the median ({median_ms:.3g} ms); at most {limit_pct:g} % of them may "
                f"be above it by {self.limit('far_pct'):g} %"
            )
        return Verdict(share_pct, limit_pct, said, further)

    def _raised(self, times_ms: Sequence[float], median_ms: float) -> str:
        """What is said where few slow ones move the mean; empty: they do not."""
        slow_ms = [t for t in times_ms if t > _SLOW * median_ms]
        raised_pct = 100.0 * sum(t / median_ms - 1 for t in slow_ms) / len(times_ms)
        if raised_pct <= self.limit("mean_pct"):
            return ""
        return (
            f"{len(slow_ms)} of {len(times_ms)} inferences raise the mean latency by "
            f"{raised_pct:.0f} % above the median ({median_ms:.3g} ms), and the energy with it; "
            f"at most {self.limit('mean_pct'):g} % may be"
        )
