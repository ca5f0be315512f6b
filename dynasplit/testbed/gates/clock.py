"""A host's clock that runs wrong, or that was set meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from dynasplit.testbed.gates._window import ClockSpan, IdleWindow, Window
from dynasplit.testbed.gates.base import Gate, Threshold, Verdict
from hosts.wire.messages import Inference, RunReport


class Clock(Gate):
    """Each host's clock went as the controller's did, and edge's and cloud's fit each other.

    Latencies, windows and their readings are all on their host's own clock, so that a constant
    offset enters no figure; what the clock gains or loses within a window does. It is known from
    exchanges of times before and after (their midpoints), less what these leave open. Of edge and
    cloud each inference says more: a tensor is sent before it arrives, and its result leaves
    before it is there. So each inference bounds the offset of the two clocks from both sides, and
    where one bound of one lies beyond the other bound of another, the offset has changed between
    them, by that much at least.
    """

    name = "clock"
    unit = "ms"
    meaning = "the hosts' clocks neither jump nor run fast or slow during a window"
    source = "clocks: midpoint offset, median of 5 exchanges, before and after; fail above 10 ms"
    thresholds = (
        Threshold("max_ms", 10.0, "change of a clock's offset, beyond what exchanges leave open"),
        Threshold("max_ppm", 500.0, "and so much of the time (kernels slew clocks by 500 ppm)"),
    )
    action = "again"
    cost = "five exchanges with each host before and after a window, some 10 to 30 ms each time"
    without = "latency and energy are wrong by what a clock gains"

    def check(self, window: Window) -> Verdict | None:
        """The greatest change, of each host against the controller, and of both to each other."""
        found = [self._of_span(role, span) for role, span in window.clocks.items()]
        found += self._of_pair(window.report)
        return max(found, key=lambda one: one.found - one.allowed, default=None)

    def check_idle(self, idle: IdleWindow) -> Verdict | None:
        """Likewise of one host."""
        return None if idle.clock is None else self._of_span(idle.role, idle.clock)

    def _allowed_ms(self, lasted_s: float) -> float:
        return self.limit("max_ms") + self.limit("max_ppm") * lasted_s / 1000

    def _of_span(self, role: str, span: ClockSpan) -> Verdict:
        change_ms = (span.host_s - span.reference_s) * 1000
        beyond_ms = max(0.0, abs(change_ms) - span.uncertain_s * 1000)
        allowed_ms = self._allowed_ms(span.reference_s)
        way = "gains" if change_ms > 0 else "loses"
        said = (
            f"the {role} host's clock {way} {beyond_ms:.1f} ms in {span.reference_s:.2f} s; at "
            f"most {allowed_ms:.1f} ms may be: is it being set, or does it run wrong?"
        )
        return Verdict(beyond_ms, allowed_ms, said if beyond_ms > allowed_ms else "")

    def _of_pair(self, report: RunReport) -> Iterable[Verdict]:
        bounds_ns = [_bounds_ns(one) for one in report.inferences if one.tail_end_ns is not None]
        if not bounds_ns:
            return
        apart_ns = max(low for low, _ in bounds_ns) - min(high for _, high in bounds_ns)
        lasted_s = (report.inferences[-1].end_ns - report.inferences[0].start_ns) / 1e9
        apart_ms, allowed_ms = max(0.0, apart_ns / 1e6), self._allowed_ms(lasted_s)
        said = (
            f"no one offset of edge's and cloud's clocks fits all inferences: it changes by "
            f"{apart_ms:.1f} ms at least; at most {allowed_ms:.1f} ms may be: is one of them being "
            "set, or does it run wrong?"
        )
        yield Verdict(apart_ms, allowed_ms, said if apart_ms > allowed_ms else "")


def _bounds_ns(inference: Inference) -> tuple[int, int]:
    """Least and most that the cloud's clock can be ahead of the edge's, by one inference."""
    sent_ns = inference.encoded_ns if inference.encoded_ns is not None else inference.head_ns
    arrived_ns = inference.decode_start_ns
    if arrived_ns is None:
        arrived_ns = inference.tail_start_ns
    assert inference.tail_end_ns is not None
    assert arrived_ns is not None
    return inference.tail_end_ns - inference.end_ns, arrived_ns - sent_ns
