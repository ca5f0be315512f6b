"""Latency and power that change within a window."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from dynasplit.testbed.gates._spread import pooled_sd, thirds
from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_FEWEST = 9
_SURE = 3.0  # standard errors of the difference
_OF_MEDIAN = 1.253  # its standard error, of the mean's


class Steady(Gate):
    """The first and the last third of a window agree, beyond their own noise.

    Of latencies the medians, of power the means, since readings alternate between computing and
    waiting. Three standard errors of the difference are taken off first.
    """

    name = "steady"
    unit = "pct"
    meaning = "latency and power are the same at a window's begin and end"
    source = "a warm-up that was too short, a host that throttles, a link that changes"
    thresholds = (
        Threshold(
            "max_pct", 5.0, "difference of first and last third beyond three standard errors"
        ),
    )
    cost = "none; with action=again the window is measured again"
    without = "a figure may be the mean of two states that the hosts were in"

    def check(self, window: Window) -> Verdict | None:
        """The greatest change, of latency and of each channel that counts."""
        found = [("latency", _change_pct(window.latencies_ms, statistics.median, _OF_MEDIAN))]
        for words, host, name in window.channels():
            found.append((words, _change_pct(host.inside(name), statistics.fmean, 1.0)))
        told = [(abs(pct), pct, words) for words, pct in found if pct is not None]
        if not told:
            return None
        size_pct, change_pct, where = max(told)
        limit_pct = self.limit("max_pct")
        said = (
            f"{where} changes by {change_pct:+.1f} % from the window's first to its last third, "
            f"beyond its noise; at most {limit_pct:g} % may be"
        )
        return Verdict(size_pct, limit_pct, said if size_pct > limit_pct else "")


def _change_pct(
    values: Sequence[float], middle: Callable[[Sequence[float]], float], error: float
) -> float | None:
    """From first to last third, beyond the noise; None: too few values."""
    if len(values) < _FEWEST:
        return None
    parts = thirds(values)
    first, last = middle(parts[0]), middle(parts[2])
    if first <= 0:
        return None
    noise = _SURE * error * pooled_sd(parts) * math.sqrt(2 / len(parts[0]))
    change = last - first
    return 100.0 * math.copysign(max(0.0, abs(change) - noise), change) / first
