"""By how much one machine's clock is ahead of another's, and times brought from one to the other.

A machine is asked what its clock says, between two looks at the clock of who asks. The answer was
given between the two; the middle is taken, and the median of several exchanges (the midpoint
method, as NTP has it, RFC 5905). The true offset lies within every exchange: what all of them leave
open is the uncertainty. Slow answers leave much open, so that more are asked for where one is.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dynasplit.core.errors import TestbedError, WindowInvalid

LEAST_EXCHANGES = 5
MOST_EXCHANGES = 60
CLOSE_ENOUGH_NS = 2_000_000
"""No further exchange is asked for once an offset is known so closely."""
MOST_UNCERTAIN_S = 0.01
"""Readings at 100 ms are then placed to a tenth of their period."""

_KEPT = 1000
Times = npt.NDArray[np.int64]


class Exchange(NamedTuple):
    """A question for the time: asked and answered on the asking clock, told on the other; in ns."""

    asked_ns: int
    told_ns: int
    answered_ns: int


class ClockOffset(NamedTuple):
    """How far a clock is ahead of the one that asked.

    Attributes:
        ahead_ns: the other clock less the asking one.
        uncertain_ns: the truth is no further away than this.
        at_ns: when it was so, on the asking clock.
    """

    ahead_ns: int
    uncertain_ns: int
    at_ns: int


def offset_of(exchanges: Sequence[Exchange]) -> ClockOffset:
    """The median of the exchanges' midpoints, and what the exchanges leave open.

    Where no offset agrees with all of them, since a clock was set meanwhile, they leave open all
    that any of them does.

    Raises:
        TestbedError: too few exchanges, or one whose answer came before its question.
    """
    if len(exchanges) < LEAST_EXCHANGES or any(e.answered_ns < e.asked_ns for e in exchanges):
        raise TestbedError(
            f"{len(exchanges)} exchanges of times; allowed: at least {LEAST_EXCHANGES}, each "
            "answered after it was asked"
        )
    middle_ns = statistics.median(e.told_ns - (e.asked_ns + e.answered_ns) / 2 for e in exchanges)
    low_ns = [e.told_ns - e.answered_ns for e in exchanges]
    high_ns = [e.told_ns - e.asked_ns for e in exchanges]
    least_ns, most_ns = max(low_ns), min(high_ns)
    if least_ns > most_ns:
        least_ns, most_ns = min(low_ns), max(high_ns)
    ahead_ns = round(min(max(middle_ns, least_ns), most_ns))
    uncertain_ns = max(most_ns - ahead_ns, ahead_ns - least_ns)
    return ClockOffset(ahead_ns, uncertain_ns, exchanges[len(exchanges) // 2].asked_ns)


def measured_offset(exchange: Callable[[], Exchange], least: int = LEAST_EXCHANGES) -> ClockOffset:
    """The offset by so many exchanges, and further ones while a busy machine leaves much open.

    Raises:
        TestbedError: an answer that came before its question.
    """
    exchanges = [exchange() for _ in range(least)]
    while (found := offset_of(exchanges)).uncertain_ns > CLOSE_ENOUGH_NS:
        if len(exchanges) >= MOST_EXCHANGES:
            break
        exchanges.append(exchange())
    return found


def between(one: ClockOffset, other: ClockOffset) -> ClockOffset:
    """How far one machine's clock is ahead of another's, both told by the same asker.

    The time is that on the other machine's clock.
    """
    return ClockOffset(
        one.ahead_ns - other.ahead_ns,
        one.uncertain_ns + other.uncertain_ns,
        other.at_ns + other.ahead_ns,
    )


class Alignment:
    """Brings times of one clock to another, by offsets that were measured now and then.

    Between two of them the offset is taken as moving evenly; before the first and after the last
    it is theirs.
    """

    def __init__(self, first: ClockOffset) -> None:
        """Begin with one offset: the clock that times are brought to, less the one they are of."""
        self._offsets = [first]

    @property
    def last(self) -> ClockOffset:
        """The newest offset."""
        return self._offsets[-1]

    def add(self, offset: ClockOffset) -> None:
        """A newer one."""
        self._offsets.append(offset)
        if len(self._offsets) > _KEPT:
            del self._offsets[: _KEPT // 2]

    def brought_ns(self, times_ns: Times) -> Times:
        """Times on the other clock."""
        return times_ns + self._ahead_ns(times_ns, [o.at_ns for o in self._offsets])

    def back_ns(self, brought_ns: int) -> int:
        """The time from which `brought_ns` makes this one."""
        at_ns = [offset.at_ns + offset.ahead_ns for offset in self._offsets]
        times_ns = np.asarray([brought_ns], dtype=np.int64)
        return int(brought_ns - self._ahead_ns(times_ns, at_ns)[0])

    def uncertain_ns(self, start_ns: int, end_ns: int) -> int:
        """The uncertainty of times between two, which are of the clock that times are of.

        It is the greatest of the offsets around them and between, and all by which these differ:
        when a clock was set is not known.
        """
        at_ns = [offset.at_ns for offset in self._offsets]
        first = max(int(np.searchsorted(at_ns, start_ns, side="right")) - 1, 0)
        last = min(int(np.searchsorted(at_ns, end_ns, side="left")), len(at_ns) - 1)
        around = self._offsets[first : last + 1]
        ahead_ns = [offset.ahead_ns for offset in around]
        return max(o.uncertain_ns for o in around) + max(ahead_ns) - min(ahead_ns)

    def _ahead_ns(self, times_ns: Times, at_ns: Sequence[int]) -> Times:
        # as differences from the first, which a float holds to the nanosecond
        zero_ns, ahead_ns = at_ns[0], self._offsets[0].ahead_ns
        moved_ns = np.interp(
            (times_ns - zero_ns).astype(np.float64),
            [float(at - zero_ns) for at in at_ns],
            [float(offset.ahead_ns - ahead_ns) for offset in self._offsets],
        )
        return ahead_ns + np.rint(moved_ns).astype(np.int64)


def check_known(uncertain_ns: int, whose: str) -> None:
    """Refuse times that cannot be brought from one clock to another closely enough.

    Args:
        uncertain_ns: of the offset.
        whose: both clocks, in words.

    Raises:
        WindowInvalid: above `MOST_UNCERTAIN_S`.
    """
    if uncertain_ns > MOST_UNCERTAIN_S * 1e9:
        raise WindowInvalid(
            f"the offset of the clocks of {whose} is known to {uncertain_ns / 1e6:.1f} ms; at most "
            f"{MOST_UNCERTAIN_S * 1000:g} ms is allowed: is one of them set meanwhile, or the "
            "network between them slow or busy?"
        )
