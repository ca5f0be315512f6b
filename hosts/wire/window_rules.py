"""The rules of a measured window: what the edge's agent counts, and when it stops."""

from __future__ import annotations

import msgspec


class WindowRules(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Options of a window, as the configuration's `measure` states them by the same names.

    Attributes:
        mode: `latency` (one batch at a time) or `throughput` (head, link and tail at once).
        warmup: inferences before the window, not counted.
        min_inferences: a window holds at least as many,
        min_window_s: and is at least as long, with or without a meter.
        relative_ci: it goes on until half the 95 % confidence interval of the mean latency (in
            throughput mode, of the mean time between results) is at most this share of it; None:
            it does not.
        max_inferences: but to so many inferences at the most,
        max_window_s: and for so long; None: however long.
    """

    mode: str = "latency"
    warmup: int = 5
    min_inferences: int = 10
    min_window_s: float = 0.5
    relative_ci: float | None = None
    max_inferences: int = 1000
    max_window_s: float | None = None
