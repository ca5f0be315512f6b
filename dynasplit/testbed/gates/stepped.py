"""Inferences that end on the steps of a timer, whatever their stages take."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dynasplit.testbed.gates._spread import pooled_sd
from dynasplit.testbed.gates._window import Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict

_APART = 1.05  # two levels of latencies are at least so far from each other
_FEWEST = 9
_ROUNDED_MS = 0.001  # what clocks resolve: stages that spread by less tell nothing
_LIVELY_PCT = 1.0  # spread of power that a board without any noise does not have


class Stepped(Gate):
    """The spread of latencies beside that of the head and the tail, which are a part of them.

    What is timed by itself varies by itself, and the whole at least as much as its parts. Where it
    does not, something waits until a certain time, and the rest makes up for what the parts took.
    Latencies on several steps are looked at step by step. Where the network is not split there is
    one part only; then latencies must have a spread of their own, unless nothing at all varies (an
    emulated board without noise). In throughput mode stages wait for each other, and tell nothing.
    """

    name = "stepped"
    unit = "pct"
    meaning = "latencies vary at least as the stages that they consist of"
    source = "latencies on the steps of a loader's doubling timer, in published runs"
    thresholds = (
        Threshold("min_pct", 20.0, "spread of latencies, of that of head and tail together"),
        Threshold("alone_pct", 0.01, "spread of latencies, of their mean, without a split"),
    )
    cost = "none"
    without = (
        "latency and energy hold the time until a timer's next step, up to twice the true ones"
    )

    def check(self, window: Window) -> Verdict | None:
        """The spread within steps, of the parts' or (without a split) of the mean."""
        from dynasplit.testbed import window_times  # needs NumPy, which help and options do not

        report = window.report
        if report.mode != "latency":
            return None
        batches = window.inferences[:: report.batch_size]
        totals_ms = window.latencies_ms
        parts_ms = [(i.head_ns - i.start_ns + window_times.tail_ns(i)) / 1e6 for i in batches]
        levels = _levels(totals_ms)
        if len(totals_ms) - len(levels) < _FEWEST - 1:
            return None
        spread_ms = pooled_sd([[totals_ms[i] for i in level] for level in levels])
        if batches[0].tail_end_ns is None:
            return self._alone(window, spread_ms)
        parts_spread_ms = pooled_sd([[parts_ms[i] for i in level] for level in levels])
        if parts_spread_ms < _ROUNDED_MS:
            return None
        found_pct, limit_pct = 100 * spread_ms / parts_spread_ms, self.limit("min_pct")
        said = (
            f"latencies spread by {spread_ms:.2g} ms, head and tail alone by "
            f"{parts_spread_ms:.2g} ms ({found_pct:.0f} %); at least {limit_pct:g} % must be: "
            "something waits for the next step of a timer"
        )
        return Verdict(found_pct, limit_pct, said if found_pct < limit_pct else "")

    def _alone(self, window: Window, spread_ms: float) -> Verdict | None:
        """Of a network that is not split."""
        if not any(_varies(host.inside(name)) for _, host, name in window.channels()):
            return None
        times_ms = window.latencies_ms
        found_pct = 100 * spread_ms * len(times_ms) / sum(times_ms)
        limit_pct = self.limit("alone_pct")
        said = (
            f"latencies spread by {found_pct:.2g} % of their mean; at least {limit_pct:g} % must "
            "be: something waits for the next step of a timer"
        )
        return Verdict(found_pct, limit_pct, said if found_pct < limit_pct else "")


def _levels(times_ms: Sequence[float]) -> list[list[int]]:
    """The inferences by number, those of about the same latency together."""
    order = sorted(range(len(times_ms)), key=times_ms.__getitem__)
    levels: list[list[int]] = []
    for i in order:
        if levels and times_ms[i] <= _APART * times_ms[levels[-1][-1]]:
            levels[-1].append(i)
        else:
            levels.append([i])
    return levels


def _varies(watts: Sequence[float]) -> bool:
    if len(watts) < 2:
        return False
    return pooled_sd([watts]) > _LIVELY_PCT / 100 * abs(math.fsum(watts) / len(watts))
