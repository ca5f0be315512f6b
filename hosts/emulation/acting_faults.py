"""The faults of one board together: what becomes of its time, power, frequency and link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from hosts.emulation.faults.base import (
    ClockFault,
    Fault,
    FrequencyFault,
    LinkFault,
    LoadFault,
    MeterFault,
    OutletFault,
    TimerFault,
)

T = TypeVar("T", bound=Fault)


class ActingFaults:
    """Faults of one host; false if there are none, and then nothing is asked of them.

    Attributes:
        every: all of them.
    """

    def __init__(self, every: Sequence[Fault] = ()) -> None:
        self.every = tuple(every)
        self._frequency, self._loads = self.of(FrequencyFault), self.of(LoadFault)
        self._links, self._timers = self.of(LinkFault), self.of(TimerFault)
        self._clocks = self.of(ClockFault)

    def __bool__(self) -> bool:
        return bool(self.every)

    def of(self, kind: type[T]) -> list[T]:
        """Those of a kind."""
        return [fault for fault in self.every if isinstance(fault, kind)]

    @property
    def bend_meter(self) -> bool:
        """True if the meter's readings are not its own."""
        return bool(self.of(MeterFault) or self.of(OutletFault))

    @property
    def words(self) -> list[str]:
        """All of them as people read them."""
        return [fault.words for fault in self.every]

    def steps(self, start_ns: int, end_ns: int, busy: bool) -> Iterator[tuple[int, int]]:
        """A stretch of board time in pieces in each of which the same faults act."""
        at_ns = start_ns
        while at_ns < end_ns:
            changes = [fault.next_change_ns(at_ns, busy) for fault in self.every]
            until_ns = min([end_ns, *(ns for ns in changes if ns is not None and ns > at_ns)])
            yield at_ns, until_ns
            for fault in self._frequency:
                fault.passes(at_ns, until_ns, busy)
            at_ns = until_ns

    def switch_on(self, mhz: float) -> None:
        """The board is switched on at a frequency."""
        for fault in self._frequency:
            fault.begin(mhz)

    def running_mhz(self, set_mhz: float, at_ns: int) -> float:
        """The frequency at which it runs, where another is set."""
        for fault in self._frequency:
            set_mhz = fault.running_mhz(set_mhz, at_ns)
        return set_mhz

    def shown_mhz(self, set_mhz: float, at_ns: int) -> float:
        """The frequency that cur_freq tells."""
        for fault in self._frequency:
            set_mhz = fault.running_mhz(set_mhz, at_ns) if fault.shows else set_mhz
        return set_mhz

    def extra_w(self, at_ns: int, baseline: bool) -> float:
        """The power of somebody else's programs."""
        return sum(f.extra_w(at_ns, baseline) for f in self._loads if f.acts(at_ns))

    def others_share(self, at_ns: int, drawn_share: float) -> float:
        """The share of CPU time that somebody else's programs take.

        Args:
            at_ns: a time.
            drawn_share: what they draw, as a share of what all CPUs can draw: programs that draw
                power compute, even where nothing is said of their time.
        """
        left = 1.0
        for fault in self._loads:
            if fault.acts(at_ns):
                left *= 1 - fault.taken_share(at_ns)
        return min(0.95, max(1 - left, drawn_share))

    def lasts_ns(self, start_ns: int, takes_ns: int) -> int:
        """How long work lasts that would take so long alone."""
        if not self._loads:
            return takes_ns
        at_ns, left_ns = start_ns, float(takes_ns)
        while True:
            shares = (f.taken_share(at_ns) for f in self._loads if f.acts(at_ns))
            speed = 1.0
            for share in shares:
                speed *= 1 - share
            changes = [f.next_change_ns(at_ns, True) for f in self._loads]
            until_ns = min((ns for ns in changes if ns is not None), default=None)
            if until_ns is None or (until_ns - at_ns) * speed >= left_ns:
                return round(at_ns + left_ns / speed) - start_ns
            left_ns -= (until_ns - at_ns) * speed
            at_ns = until_ns

    def transfer_ms(self, transfer_ms: float, base_ms: float, at_ns: int, *draw: object) -> float:
        """How long a transfer takes that begins at a time."""
        for fault in self._links:
            if fault.acts(at_ns):
                transfer_ms = fault.transfer_ms(transfer_ms, base_ms, draw)
        return transfer_ms

    def noticed_ns(self, start_ns: int, end_ns: int) -> int:
        """When the end of an inference is noticed."""
        for fault in self._timers:
            if fault.acts(end_ns):
                end_ns = fault.noticed_ns(start_ns, end_ns)
        return end_ns

    def told_ns(self, at_ns: int) -> int:
        """What the host's clock says at a board time."""
        return at_ns + round(sum(fault.ahead_ns(at_ns) for fault in self._clocks))


NO_FAULTS = ActingFaults()
