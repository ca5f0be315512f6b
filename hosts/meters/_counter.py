"""A counter of energy: unwrapped, and as mean power between two of its steps."""

from __future__ import annotations

from hosts.wire.readings import Channel

_EARLY_SHARE = 0.1  # of the update period: so long before a step is due it is looked for
_STILL_UPDATES = 3.0  # a counter that has not moved for so long is not looked at more often


class EnergyCounter:
    """One counter as it is asked. Equal values in a row are one value, until it moves.

    Attributes:
        channel: what it counts.
        moved_ns: when its last step was first seen; None: none was seen yet.
    """

    def __init__(self, channel: Channel, updates_s: float | None) -> None:
        """A counter that steps each `updates_s`; None: so often that any asking sees it move."""
        self.channel, self._updates_s = channel, updates_s
        self.moved_ns: int | None = None
        self._value_j: float | None = None
        self._since_ns = 0

    def take(self, value_j: float | None, at_ns: int) -> tuple[int, float] | None:
        """Take over what it reads at a time.

        Returns:
            The middle between its last two steps in ns, and the mean power between them in W.
            None: it has not moved, or what was spent is unknown.
        """
        was_j, self._value_j = self._value_j, value_j
        if value_j is None or was_j is None:
            # where it stood when it was first asked is no step of it, if its steps can be seen
            self.moved_ns = None if self._updates_s else at_ns
            self._since_ns = at_ns
            return None
        if value_j == was_j:
            return None
        spent, began_ns = spent_j(self.channel, was_j, value_j), self.moved_ns
        self.moved_ns = self._since_ns = at_ns
        if spent is None or began_ns is None or at_ns <= began_ns:
            return None
        return (began_ns + at_ns) // 2, spent * 1e9 / (at_ns - began_ns)

    def awaited_ns(self, now_ns: int) -> int | None:
        """From when on its next step is looked for; None: it is not, or it seems to stand still."""
        if self._updates_s is None:
            return None
        if now_ns - self._since_ns > _STILL_UPDATES * self._updates_s * 1e9:
            return None
        if self.moved_ns is None:
            return now_ns
        return self.moved_ns + round((1 - _EARLY_SHARE) * self._updates_s * 1e9)


def spent_j(channel: Channel, was_j: float | None, now_j: float | None) -> float | None:
    """Energy between two readings of a counter, which has wrapped at most once; None: unknown.

    A counter that falls and does not wrap was set back: what was spent is unknown.
    """
    if was_j is None or now_j is None:
        return None
    if now_j >= was_j:
        return now_j - was_j
    return None if channel.wraps_at_j is None else (now_j - was_j) % channel.wraps_at_j
