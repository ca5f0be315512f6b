"""What a host notes of itself beside its answers: its idle state, and how its clocks went."""

from __future__ import annotations

from hosts.machine.base import Machine
from hosts.wire.samples import Noted


def clocks_ns(machine: Machine) -> tuple[int, int] | None:
    """An emulated host's clock, and board time; None on a real machine."""
    board_ns = machine.board_ns()
    return None if board_ns is None else (machine.now_ns(), board_ns)


def noted(machine: Machine, began_ns: tuple[int, int] | None = None) -> Noted:
    """What the host notes of itself, since a time by both its clocks."""
    ended_ns, state = clocks_ns(machine), machine.idle_state()
    if began_ns is None or ended_ns is None:
        return Noted(state=state)
    return Noted(
        state=state,
        took_ns=ended_ns[0] - began_ns[0],
        took_board_ns=ended_ns[1] - began_ns[1],
    )
