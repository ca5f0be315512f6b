"""A meter that plays its last window's readings again."""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_IN_A_ROW = 6


class Repeated(Gate):
    """Readings that stood in the window before too, six or more in a row in the same order.

    Rows of fewer than four different values are left out, since a quiet meter of few digits gives
    them again by chance, and so is a window whose inferences took the very same nanoseconds as
    those before: then it is the work that repeats (a board without noise), not the meter.
    """

    name = "repeated"
    unit = "pct"
    meaning = "readings of a meter are those of the window before, in their order"
    source = "a meter's or a reader's buffer that is played again"
    thresholds = (Threshold("max_pct", 25.0, "share of a window's readings", 0, 100),)
    action = "again"
    is_kept = False
    cost = "the window is measured again"
    without = "a stuck buffer gives a configuration the energy of the one before"

    def check(self, window: Window) -> Verdict | None:
        """The share of readings that the window before has, of the channel with the most."""
        before = window.before
        if before is None or window.latencies_ms == before.latencies_ms:
            return None
        found_pct, where = -1.0, ""
        for words, host, name in window.channels():
            earlier = before.hosts[words.partition(" ")[0]]
            if name in earlier.traces.traces:
                inside = host.inside(name)
                was = earlier.traces.traces[name].watts.tolist()
                share_pct = 100.0 * _repeated(inside, was) / max(1, len(inside))
                if share_pct > found_pct:
                    found_pct, where = share_pct, words
        if found_pct < 0:
            return None
        limit_pct = self.limit("max_pct")
        said = f"{where}: {found_pct:.0f} % of its readings are those of the window before, in "
        said += f"their order; at most {limit_pct:g} % may be"
        return Verdict(found_pct, limit_pct, said if found_pct > limit_pct else "")


def _repeated(readings: Sequence[float], before: Sequence[float]) -> int:
    """How many of the readings stand in rows that were there before."""
    rows = {tuple(before[i : i + _IN_A_ROW]) for i in range(len(before) - _IN_A_ROW + 1)}
    found: set[int] = set()
    for i in range(len(readings) - _IN_A_ROW + 1):
        row = tuple(readings[i : i + _IN_A_ROW])
        if row in rows and len(set(row)) > 3:
            found.update(range(i, i + _IN_A_ROW))
    return len(found)
