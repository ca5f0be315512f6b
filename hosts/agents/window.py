"""The measurement window of a run: the inferences between warm-up and lead-out."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from hosts.wire.messages import IN_FLIGHT, Inference, RunOrder
from hosts.wire.warm import FEWEST, is_steady, times_ns

_NORMAL_95 = 1.96


class MeasurementWindow:
    """Takes a run's batches in order, and says which images are next and when to stop.

    Attributes:
        inferences: all so far. first: the window's first, as far as is known: a warm-up that has
            lasted too short goes on. last: after its last; None: it goes on.
    """

    def __init__(self, order: RunOrder) -> None:
        self._order, self._rules = order, order.window
        self._pipelined = order.window.mode == "throughput"
        least = IN_FLIGHT if self._pipelined else int(not order.is_request)
        self._warmup = max(least, -(-order.window.warmup // order.batch_size))  # in batches
        self.first = self._warmup * order.batch_size
        self._is_warm = order.window.warmup_s <= 0 and order.window.max_warmup_s <= 0
        self._next_look = FEWEST
        self.last: int | None = None
        self.inferences: list[Inference] = []
        self._times_ns: list[int] = []

    def images(self, batch: int) -> tuple[int, ...]:
        """The images of a batch, by its number in the run: in turn within the window."""
        among, size = self._order.images, self._order.batch_size
        if not self._is_warm and batch >= self._warmup:
            self._warm_up(batch)
        inside = self._is_warm and batch >= self._warmup and self.last is None
        place = (batch - self._warmup) * size if inside else 0
        return tuple(among[(place + i) % len(among)] for i in range(size))

    def add(self, batch: Sequence[Inference]) -> None:
        """Take over the next batch that is done."""
        before_ns = self.inferences[-1].end_ns if self.inferences else batch[0].start_ns
        self.inferences += batch
        if self.last is None and self._is_warm and len(self.inferences) > self.first:
            since_ns = before_ns if self._pipelined else batch[0].start_ns
            self._times_ns.append(batch[0].end_ns - since_ns)
            if self._is_enough():
                self.last = len(self.inferences)

    def _warm_up(self, batch: int) -> None:
        """Let the window begin with a batch, if the warm-up has lasted as long as it must."""
        self._warmup, self.first = batch, batch * self._order.batch_size
        done = self.inferences
        lasted_ns = done[-1].end_ns - done[0].start_ns if done else 0
        if lasted_ns < self._rules.warmup_s * 1e9:
            return
        is_over = lasted_ns >= self._rules.max_warmup_s * 1e9
        if not is_over and batch >= self._next_look:  # now and then: each look is at all of them
            self._next_look = batch + max(1, batch // 8)
            is_over = is_steady(times_ns(done[:: self._order.batch_size], self._pipelined))
        self._is_warm = is_over

    @property
    def is_done(self) -> bool:
        """True when the lead-out is over, which covers the meters' last periods."""
        if self.last is None:
            return False
        led_ns = self.inferences[-1].end_ns - self.inferences[self.last - 1].end_ns
        return led_ns >= self._order.lead_out_s * 1e9

    def _is_enough(self) -> bool:
        rules, count = self._rules, len(self.inferences) - self.first
        if count < rules.min_inferences or self._length_ns < rules.min_window_s * 1e9:
            return False
        too_long = rules.max_window_s is not None and self._length_ns >= rules.max_window_s * 1e9
        return too_long or count >= rules.max_inferences or self._is_narrow()

    @property
    def _length_ns(self) -> int:
        """From the first start; in throughput mode, from the result before the first."""
        if self._pipelined:
            return self.inferences[-1].end_ns - self.inferences[self.first - 1].end_ns
        return self.inferences[-1].end_ns - self.inferences[self.first].start_ns

    def _is_narrow(self) -> bool:
        """True if the mean time is known as narrowly as asked (95 %, normal approximation)."""
        if self._rules.relative_ci is None:
            return True
        if len(self._times_ns) < 2:
            return False
        half_ns = _NORMAL_95 * statistics.stdev(self._times_ns) / len(self._times_ns) ** 0.5
        return bool(half_ns <= self._rules.relative_ci * statistics.mean(self._times_ns))
