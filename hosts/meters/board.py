"""The `board` meter: reads what an emulated board's meter says.

Where `hosts.faults` bend it, the board says so in the meter's identity.
"""

from __future__ import annotations

from collections.abc import Iterator

from hosts.core.errors import BoardError, MeterError
from hosts.emulation import calls
from hosts.emulation.client import BoardClient, open_board
from hosts.meters.base import Meter
from hosts.wire.readings import Channel, Reading


class BoardReadings(Meter):
    """Asks the board for its readings; each is there once its period is complete.

    What it measures, identity, period and error are as the profile says: the wall, where the
    profile's powers are all that a host draws.
    """

    emulated = True

    def __init__(self, board: BoardClient) -> None:
        self._board = board
        facts = board.ask(calls.Describe()).facts
        self.identity = str(facts["meter"])
        self.channels = (Channel(domain=str(facts["meter_domain"])),)
        self.period_s = self.averaging_s = float(str(facts["meter_period_s"]))
        self.error_pct = float(str(facts["meter_error_pct"]))

    def readings(self) -> Iterator[list[Reading]]:
        """All readings from the first on, until the board goes."""
        first = 0
        while True:
            try:
                fresh = self._board.ask(calls.Readings(first=first)).readings
            except BoardError:
                return
            first += len(fresh)
            yield [(time_ns, (watts,)) for time_ns, watts in fresh]


def build() -> BoardReadings:
    """The meter of this host's board."""
    board = open_board()
    if board is None:
        raise MeterError("meter 'board' asked, but this host has no emulated board; use its own")
    return BoardReadings(board)
