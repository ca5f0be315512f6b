"""The polling loop of meters that are asked, and counters unwrapped to power."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from hosts.core.errors import MeterError
from hosts.wire.readings import Channel, Reading

Values = Sequence[float | None]


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
) -> Iterator[list[Reading]]:
    """Ask once a period, for ever.

    A value is taken as of the middle of the asking. A counter's difference to the asking before
    is the mean power between them, stamped in their middle; so counters and powers of one meter
    come in readings of their own. A reading without any value is left out, and shows as a gap.

    Args:
        channels: what `read` gives a value of each.
        read: W or J a channel; None or NaN: no value.
        period_s: from the beginning of one asking to the next.
        clock: tells the time and waits.

    Raises:
        MeterError: `read` does, or gives another number of values.
    """
    before_ns, before = 0, _counts(channels, [None] * len(channels))
    while True:
        began_ns = clock.now_ns()
        values = _checked(channels, read())
        now_ns = (began_ns + clock.now_ns()) // 2
        counts = _counts(channels, values)
        spent_s = (now_ns - before_ns) / 1e9
        fresh = [
            ((before_ns + now_ns) // 2, _means_w(channels, before, counts, spent_s)),
            (now_ns, _powers(channels, values)),
        ]
        present = [reading for reading in fresh if any(w is not None for w in reading[1])]
        if present:
            yield present
        before_ns, before = now_ns, counts
        clock.sleep(max(0.0, period_s - (clock.now_ns() - began_ns) / 1e9))


def spent_j(channel: Channel, was_j: float | None, now_j: float | None) -> float | None:
    """Energy between two readings of a counter, which has wrapped at most once; None: unknown.

    A counter that falls and does not wrap was set back: what was spent is unknown.
    """
    if was_j is None or now_j is None:
        return None
    if now_j >= was_j:
        return now_j - was_j
    return None if channel.wraps_at_j is None else (now_j - was_j) % channel.wraps_at_j


def _means_w(
    channels: Sequence[Channel], before: Values, now: Values, spent_s: float
) -> tuple[float | None, ...]:
    spent = map(spent_j, channels, before, now)
    return tuple(None if j is None or spent_s <= 0 else j / spent_s for j in spent)


def _counts(channels: Sequence[Channel], values: Values) -> list[float | None]:
    """The counters' values; None in place of a power."""
    return [v if c.quantity == "energy" else None for c, v in zip(channels, values, strict=True)]


def _powers(channels: Sequence[Channel], values: Values) -> tuple[float | None, ...]:
    """The powers; None in place of a counter's value."""
    pairs = zip(channels, values, strict=True)
    return tuple(v if c.quantity == "power" else None for c, v in pairs)


def _checked(channels: Sequence[Channel], values: Values) -> Values:
    if len(values) != len(channels):
        raise MeterError(
            f"{len(values)} values read; {len(channels)} expected, one for each of: "
            f"{', '.join(c.name for c in channels)}"
        )
    return [None if v is None or math.isnan(v) else v for v in values]
