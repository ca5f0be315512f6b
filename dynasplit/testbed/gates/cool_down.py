"""Hosts that did not cool down before a window."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class CoolDown(Gate):
    """How long it was waited for the hosts to cool down; out where the limit came first."""

    name = "cool_down"
    unit = "s"
    meaning = "a window begins with hosts about as warm as they were at the run's begin"
    source = "cool-down: wait for a temperature band, with a time limit"
    thresholds = (Threshold("max_s", None, "of waiting; null: the wait's own limit alone"),)
    cost = "measure.cool_down_limit_s a window at most"
    without = "a configuration's figures depend on how hot the one before left the hosts"

    def check(self, window: Window) -> Verdict | None:
        """Of both hosts together."""
        cooled, limit_s = window.cooled, self.limit("max_s")
        if cooled is None:
            return None
        words = cooled.words
        if not words and cooled.waited_s > limit_s:
            words = f"hosts cooled down for {cooled.waited_s:.0f} s; at most {limit_s:g} s may be"
        return Verdict(cooled.waited_s, min(limit_s, cooled.limit_s), words)
