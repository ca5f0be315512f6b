"""Throttling as a board's firmware tells it: a Raspberry Pi's."""

from __future__ import annotations

import subprocess
from contextlib import suppress

from hosts.machine.base import Machine

_WORDS = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_START = 16  # bits this much higher tell what has been so since the board was started
_PATIENCE_S = 3.0

Throttling = tuple[tuple[str, ...], tuple[str, ...]]
"""What is so now, and what has been so since the board was started."""


def throttling(machine: Machine) -> Throttling | None:
    """What the firmware says; None: this host's says nothing."""
    if machine.emulated:
        return None
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        told = subprocess.run(
            ["vcgencmd", "get_throttled"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        return words_of(told.stdout)
    return None


def words_of(told: str) -> Throttling:
    """The flags in `throttled=0x50005` in words; ValueError if there are none."""
    flags = int(told.strip().partition("=")[2], 16)
    now, before = (
        tuple(words for bit, words in _WORDS.items() if flags >> (bit + shift) & 1)
        for shift in (0, _SINCE_START)
    )
    return now, before
