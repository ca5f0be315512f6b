"""A meter that gives one value again and again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_FEWEST = 10
_NOISY = 0.1  # share of neighbours that may be equal in a channel that has noise of its own


class Frozen(Gate):
    """Equal readings: all since the window before, or many in a channel that has shown noise.

    Power differs between idling, reconfiguring and working, even to a meter without any noise: so
    that all readings since the window before are equal says that the meter does not look. Within
    the window alone a meter without noise may rightly say one value. Where neighbours differed in
    the readings before, a long row of equal ones within the window is a meter that has stopped.
    """

    name = "frozen"
    unit = "pct"
    meaning = "readings of a meter do not change between idling and working"
    source = "a meter's link or firmware that repeats its last value"
    thresholds = (
        Threshold(
            "max_pct",
            50.0,
            "longest row of equal readings of a channel with noise, of a window's",
            0,
            100,
        ),
    )
    action = "again"
    cost = "the window is measured again"
    without = "a stuck meter gives each configuration the same power"

    def check(self, window: Window) -> Verdict | None:
        """The longest row of equal readings, of the channel that has the longest."""
        worst: Verdict | None = None
        for words, host, name in window.channels():
            inside = host.inside(name)
            if len(inside) < _FEWEST:
                continue
            found_pct = 100.0 * _longest_row(inside) / len(inside)
            said = ""
            since = host.since.get(name)
            every = since.watts.tolist() if since is not None else []
            earlier = every[: max(0, len(every) - len(inside))]
            if len(earlier) > 1 and len(set(every)) == 1:
                said = (
                    f"all {len(every)} readings since the window before are {every[0]:g} W; a "
                    "meter that works follows its host from idling to working: restart it"
                )
            elif found_pct > self.limit("max_pct") and _is_noisy(earlier):
                said = (
                    f"{found_pct:.0f} % of its readings in a row are equal, while it has noise; "
                    f"at most {self.limit('max_pct'):g} % may be"
                )
            verdict = Verdict(found_pct, self.limit("max_pct"), said and f"{words}: {said}")
            if worst is None or (not verdict.passed, found_pct) > (not worst.passed, worst.found):
                worst = verdict
        return worst


def _longest_row(readings: Sequence[float]) -> int:
    return max(sum(1 for _ in row) for _, row in groupby(readings))


def _is_noisy(readings: Sequence[float]) -> bool:
    """True if neighbours among at least ten readings nearly always differ."""
    if len(readings) < _FEWEST:
        return False
    equal = sum(a == b for a, b in pairwise(readings))
    return equal <= _NOISY * (len(readings) - 1)
