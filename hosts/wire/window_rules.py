"""The rules of a measured window: what the edge's agent counts, and when it stops."""

from __future__ import annotations

import msgspec

SLOWEST_S = 30.0
"""Of one inference on any host: a run of slower ones is taken for lost."""
_LONGEST_S = 4 * 3600.0


class WindowRules(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Options of a window, as the configuration's `measure` states them by the same names.

    Attributes:
        mode: `latency` (one batch at a time) or `throughput` (head, link and tail at once).
        warmup: inferences before the window, not counted.
        warmup_s: and they last at least so long.
        max_warmup_s: and go on, so long at the most, until latencies are steady; 0: they do not.
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
    warmup_s: float = 0.0
    max_warmup_s: float = 0.0
    min_inferences: int = 10
    min_window_s: float = 0.5
    relative_ci: float | None = None
    max_inferences: int = 1000
    max_window_s: float | None = None

    def longest_s(self, batch_size: int = 1) -> float:
        """How long a run by these rules may take, all included, before it is taken for lost."""
        counted = self.warmup + self.min_inferences + 8 * batch_size  # with room for the lead-out
        goes_on_s, warmup_s = 0.0, self.warmup_s + self.max_warmup_s
        if self.relative_ci is not None:
            goes_on_s = self.max_inferences * SLOWEST_S
            if self.max_window_s is not None:
                goes_on_s = min(goes_on_s, 2 * self.max_window_s)
        lasts_s = self.min_window_s + warmup_s
        return min(60.0 + counted * SLOWEST_S + 2 * lasts_s + goes_on_s, _LONGEST_S)
