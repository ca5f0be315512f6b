"""Power below zero."""

from __future__ import annotations

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict


class Negative(Gate):
    """A single reading below zero, also where the total is above it.

    A counter that was set back shows so too, unless its meter has left the reading out.
    """

    name = "negative"
    unit = "w"
    meaning = "a reading of a channel is below zero"
    source = "clamps put on the wrong way round, a counter that was set back"
    thresholds = (Threshold("min_w", 0.0, "least power of a reading", -1e9),)
    action = "again"
    cost = "the window is measured again"
    without = "what one channel says below zero is taken off the energy of the others"

    def check(self, window: Window) -> Verdict | None:
        """The lowest reading of any channel that counts."""
        lowest = [
            (min(inside), words)
            for words, host, name in window.channels()
            if (inside := host.inside(name))
        ]
        if not lowest:
            return None
        (found_w, where), least_w = min(lowest), self.limits["min_w"]
        if least_w is None or found_w >= least_w:
            return Verdict(found_w, least_w if least_w is not None else found_w)
        return Verdict(found_w, least_w, f"{where}: {found_w:g} W read; at least {least_w:g} W")
