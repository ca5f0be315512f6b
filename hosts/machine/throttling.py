"""Throttling as a board's firmware tells it: a Raspberry Pi's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.machine.firmware import firmware_says

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_WORDS = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_START = 16  # bits this much higher tell what has been so since the board was started
NOW_BITS = (1 << len(_WORDS)) - 1
"""Of the flags: those that tell what is so now."""

Throttling = tuple[tuple[str, ...], tuple[str, ...]]
"""What is so now, and what has been so since the board was started."""


def throttling(machine: Machine) -> Throttling | None:
    """What the firmware says; None: this host's says nothing."""
    flags = throttling_flags(machine)
    return None if flags is None else (_worded(flags[0]), _worded(flags[1]))


def throttling_flags(machine: Machine) -> tuple[int, int] | None:
    """The flags of now and of the time since the start, bits 0 to 3 each; None: nothing is told."""
    said = firmware_says(machine, "get_throttled")
    try:
        return None if said is None else flags_of(said)
    except ValueError:
        return None


def flags_of(told: str) -> tuple[int, int]:
    """The flags in `throttled=0x50005`; ValueError if there are none."""
    flags = int(told.strip().partition("=")[2], 16)
    return flags & NOW_BITS, flags >> _SINCE_START & NOW_BITS


def words_of(told: str) -> Throttling:
    """The flags in `throttled=0x50005` in words; ValueError if there are none."""
    now, before = flags_of(told)
    return _worded(now), _worded(before)


def _worded(flags: int) -> tuple[str, ...]:
    return tuple(words for bit, words in _WORDS.items() if flags >> bit & 1)
