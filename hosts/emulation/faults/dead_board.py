"""A board that breaks."""

from __future__ import annotations

from hosts.emulation.faults.base import DeathFault


class DeadBoard(DeathFault):
    """It strikes once board time has come so far, whatever is going on."""

    name = "dead_board"
    meaning = "the board stops to answer all programs of its host"
    victim = "board"
