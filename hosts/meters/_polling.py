"""The polling loop of meters that are asked: when, and of when each value is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from hosts.core.errors import MeterError
from hosts.meters._counter import EnergyCounter
from hosts.wire.readings import Channel, Reading

Values = Sequence[float | None]

FINE_S = 0.005
"""From one asking to the next around a counter's step: so exactly a step's time is known."""

_REPEATS = 1.5  # update periods that equal values are samples for: two may be equal by chance


class PollingClock(Protocol):
    """The host's clock, and waiting on it."""

    def now_ns(self) -> int:
        """Nanoseconds from any fixed time on."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class _Monotonic:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


MONOTONIC: PollingClock = _Monotonic()
"""The clock of the host, which is that of the agents too."""


def poll(
    channels: Sequence[Channel],
    read: Callable[[], Values],
    period_s: float,
    clock: PollingClock = MONOTONIC,
    *,
    updates_s: float | None = None,
    delay_s: float = 0.0,
    averaging_s: float = 0.0,
) -> Iterator[list[Reading]]:
    """Ask once a period, for ever; around the steps of counters that step seldom, more often.

    A value is taken as of the middle of the asking, less the delay, and less half the averaging if
    it is a power. A counter's difference between two of its steps is the mean power between them,
    stamped in their middle; so counters and powers of one meter come in readings of their own. A
    reading without any value is left out, and so are powers that go on being equal for longer than
    the meter updates them: a frozen meter shows as a gap.

    Args:
        channels: what `read` gives a value of each.
        read: W or J a channel; None or NaN: no value.
        period_s: from the beginning of one asking to the next.
        clock: tells the time and waits.
        updates_s: the meter's own period: of powers, and of counters' steps; None: not known.
        delay_s: how late a value is.
        averaging_s: how long a power is the mean over.

    Raises:
        MeterError: `read` does, or gives another number of values.
    """
    powers = _Powers(channels, period_s, updates_s, round((delay_s + averaging_s / 2) * 1e9))
    counters = {
        place: EnergyCounter(channel, updates_s)
        for place, channel in enumerate(channels)
        if channel.quantity == "energy"
    }
    delay_ns = round(delay_s * 1e9)
    while True:
        began_ns = clock.now_ns()
        values = _checked(channels, read())
        now_ns = (began_ns + clock.now_ns()) // 2
        means: dict[int, list[float | None]] = {}
        for place, counter in counters.items():
            if (mean := counter.take(values[place], now_ns)) is not None:
                at_ns, watts = mean
                means.setdefault(at_ns - delay_ns, [None] * len(channels))[place] = watts
        found = [(at_ns, tuple(w)) for at_ns, w in means.items()]
        if fresh := sorted(found + powers.take(values, now_ns), key=lambda reading: reading[0]):
            yield fresh
        next_ns = _next_ns(began_ns, round(period_s * 1e9), counters.values())
        clock.sleep(max(0.0, (next_ns - clock.now_ns()) / 1e9))


class _Powers:
    """The powers of a meter, each sample once."""

    def __init__(
        self, channels: Sequence[Channel], period_s: float, updates_s: float | None, late_ns: int
    ) -> None:
        self._channels, self._late_ns = channels, late_ns
        is_asked_more = updates_s is not None and any(c.quantity == "energy" for c in channels)
        self._least_ns = round(0.9e9 * period_s) if is_asked_more else 0
        equal_s = None if updates_s is None else _REPEATS * max(updates_s, period_s)
        self._most_ns = None if equal_s is None else round(equal_s * 1e9)
        self._taken_ns: int | None = None
        self._last: Values = ()
        self._changed_ns = 0

    def take(self, values: Values, now_ns: int) -> list[Reading]:
        """A reading of the powers among these values; none: no value, too early, or a duplicate."""
        pairs = zip(self._channels, values, strict=True)
        watts = tuple(v if c.quantity == "power" else None for c, v in pairs)
        if all(w is None for w in watts):
            return []
        if self._taken_ns is not None and now_ns - self._taken_ns < self._least_ns:
            return []
        self._taken_ns = now_ns
        if watts != self._last:
            self._last, self._changed_ns = watts, now_ns
        elif self._most_ns is not None and now_ns - self._changed_ns > self._most_ns:
            return []
        return [(now_ns - self._late_ns, watts)]


def _next_ns(began_ns: int, period_ns: int, counters: Iterable[EnergyCounter]) -> int:
    """When to ask again: after a period, or from just before a counter's next step on."""
    next_ns = began_ns + period_ns
    for counter in counters:
        if (awaited_ns := counter.awaited_ns(began_ns)) is not None:
            soonest_ns = began_ns + round(FINE_S * 1e9)
            next_ns = min(next_ns, max(awaited_ns, soonest_ns))
    return next_ns


def _checked(channels: Sequence[Channel], values: Values) -> Values:
    if len(values) != len(channels):
        raise MeterError(
            f"{len(values)} values read; {len(channels)} expected, one for each of: "
            f"{', '.join(c.name for c in channels)}"
        )
    return [None if v is None or math.isnan(v) else v for v in values]
