"""The throttling of a board in a window, as its firmware tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hosts.conditions.base import Condition
from hosts.machine.throttling import throttling_flags

if TYPE_CHECKING:
    from hosts.machine.base import Machine


class ThrottledFlags(Condition):
    """Flags that are set after a window, or that came up since the look before it.

    A sum of 1 (undervoltage), 2 (frequency capped), 4 (throttled) and 8 (soft temperature limit);
    0: none. The firmware keeps what has been so since the board's start: a flag that comes up
    there in a window is seen although it has passed, but only for the first time.
    """

    name = "throttled_flags"
    where = "hosts"
    meaning = "throttling in the window: 1 undervoltage, 2 capped, 4 throttled, 8 temperature limit"
    _before: ClassVar[int | None] = None

    def read(self, machine: Machine) -> float | None:
        """None where the firmware tells nothing."""
        flags = throttling_flags(machine)
        if flags is None:
            return None
        now, since_start = flags
        before = ThrottledFlags._before
        ThrottledFlags._before = since_start
        fresh = 0 if before is None else since_start & ~before
        return float(now | fresh)
