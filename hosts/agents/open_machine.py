"""Finds what stands below the agents of this host: the machine itself, or an emulated board."""

from __future__ import annotations

from hosts.machine.base import Machine
from hosts.machine.real import RealMachine


def open_machine() -> Machine:
    """The emulated board if this host has one, else the machine itself."""
    from hosts.emulation.client import open_board

    board = open_board()
    if board is None:
        return RealMachine()
    from hosts.emulation.machine import EmulatedMachine

    return EmulatedMachine(board)
