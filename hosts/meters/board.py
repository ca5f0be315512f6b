"""The `board` meter: reads what an emulated board's meter says.

Tests may give it a fault: it is then labelled with it, up to the meter's identity.
"""

from __future__ import annotations

from collections.abc import Iterator

from hosts.core.errors import BoardError, MeterError
from hosts.emulation import calls
from hosts.emulation.client import BoardClient, open_board, open_other_board
from hosts.emulation.meter_faults import MeterFault
from hosts.meters.base import Meter
from hosts.wire.readings import Channel, Reading


class BoardReadings(Meter):
    """Asks the board for its readings; each is there once its period is complete.

    It stands for a wall meter: a profile's powers are all that a host draws. Identity, period and
    error are as the profile says.
    """

    channels = (Channel(domain="wall"),)
    emulated = True

    def __init__(self, board: BoardClient, fault: MeterFault | None = None) -> None:
        self._board, self._fault = board, fault
        facts = board.ask(calls.Describe()).facts
        self.identity = str(facts["meter"])
        self.period_s = self.averaging_s = float(str(facts["meter_period_s"]))
        self.error_pct = float(str(facts["meter_error_pct"]))
        if fault is not None:
            self.identity += f", with the fault {fault.name}"

    def readings(self) -> Iterator[list[Reading]]:
        """All readings from the first on, until the board goes."""
        first = 0
        while True:
            try:
                fresh = self._board.ask(calls.Readings(first=first)).readings
            except BoardError:
                return
            first += len(fresh)
            if self._fault is not None:
                fresh = self._fault.readings(fresh, self.period_s)
            yield [(time_ns, (watts,)) for time_ns, watts in fresh]


def build(fault: str = "", lag_s: float = 0.0) -> BoardReadings:
    """The meter of this host's board, with a fault of `hosts/emulation/meter_faults.py` or none."""
    board = open_board()
    if board is None:
        raise MeterError("meter 'board' asked, but this host has no emulated board; use its own")
    if not fault:
        return BoardReadings(board)
    other = open_other_board()
    made = MeterFault(fault, lag_s, other)
    return BoardReadings(other if made.stands_elsewhere else board, made)
