"""Power that no host draws."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Impossible(Gate):
    """A reading above a stated power, or far above all that the channel has shown.

    What a channel has shown is the 90th percentile of a window's readings: one reading that is
    wrong does not move it (of 20 two may be), while a short burst of real work does. Real channels
    stay within a factor of 20: a GPU from 82 to 647 W (8), a Raspberry Pi from 2.7 to 7 W (3), a
    laptop's package from 3 to 45 W (15). Errors of units (mW for W), of digits and of counters
    that were set back lie above. A reading is held against its own window and the one before, a
    whole window against the one before.
    """

    name = "impossible"
    unit = "w"
    meaning = "a reading of a channel is above what its host can draw"
    source = "spikes of meters, errors of units, counters that were set back"
    thresholds = (
        Threshold("max_w", None, "of any channel; null: by max_times alone"),
        Threshold("max_times", 20.0, "of the 90th percentile in this window and before", 1),
    )
    action = "again"
    cost = "the window is measured again"
    without = "one spike of 20 times the power in 20 readings doubles the energy"

    def check(self, window: Window) -> Verdict | None:
        """The highest reading of any channel that counts."""
        worst: Verdict | None = None
        for words, host, name in window.channels():
            inside = host.inside(name)
            if not inside:
                continue
            limit_w = min(self.limit("max_w"), self._limit_w(window, words, name, inside))
            found_w = max(inside)
            said = f"{words}: {found_w:g} W read; at most {limit_w:g} W may be"
            verdict = Verdict(found_w, limit_w, said if found_w > limit_w else "")
            if worst is None or (not verdict.passed, found_w) > (not worst.passed, worst.found):
                worst = verdict
        return worst

    def _limit_w(self, window: Window, words: str, name: str, inside: Sequence[float]) -> float:
        """By what the channel has shown."""
        times, own_w = self.limit("max_times"), _high_w(inside)
        earlier = window.before.hosts[words.partition(" ")[0]] if window.before else None
        if earlier is None or name not in earlier.traces.traces:
            return times * own_w
        before_w = _high_w(earlier.traces.traces[name].watts.tolist())
        if before_w > 0 and own_w > times * before_w:
            return times * before_w
        return times * max(own_w, before_w)


def _high_w(readings: Sequence[float]) -> float:
    """The 90th percentile; the highest but two of 20 readings."""
    ordered = sorted(readings)
    return max(0.0, ordered[int(0.9 * (len(ordered) - 1))]) if ordered else 0.0
