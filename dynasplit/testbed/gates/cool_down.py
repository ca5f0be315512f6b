"""Hosts that did not cool down before a window."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Verdict


class CoolDown(Gate):
    """How long it was waited for the hosts to cool down; out where the limit came first."""

    name = "cool_down"
    unit = "s"
    meaning = "a window begins with hosts about as warm as they were at the run's begin"
    source = "cool-down: wait for a temperature band, with a time limit"
    thresholds = ()
    cost = "measure.cool_down_limit_s a window at most"
    without = "a configuration's figures depend on how hot the one before left the hosts"

    def check(self, window: Window) -> Verdict | None:
        """Of both hosts together."""
        cooled = window.cooled
        return None if cooled is None else Verdict(cooled.waited_s, cooled.limit_s, cooled.words)
