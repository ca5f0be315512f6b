"""The meter of an emulated board."""

from __future__ import annotations

from collections.abc import Iterator

from hosts.core.errors import BoardError, MeterError
from hosts.emulation import calls
from hosts.emulation.client import BoardClient, open_board
from hosts.wire.readings import MeterHeader


class BoardReadings:
    """Asks the board for its readings; each is there once its period is complete."""

    def __init__(self, board: BoardClient) -> None:
        self._board = board
        self._facts = board.ask(calls.Describe()).facts

    def header(self) -> MeterHeader:
        """As the board's profile says."""
        return MeterHeader(
            meter="board",
            identity=str(self._facts["meter"]),
            period_s=float(str(self._facts["meter_period_s"])),
            error_pct=float(str(self._facts["meter_error_pct"])),
            emulated=True,
        )

    def readings(self) -> Iterator[list[tuple[int, float]]]:
        """All readings from the first on, until the board goes."""
        first = 0
        while True:
            try:
                fresh = self._board.ask(calls.Readings(first=first)).readings
            except BoardError:
                return
            yield fresh
            first += len(fresh)


def build() -> BoardReadings:
    """The meter of this host's board."""
    board = open_board()
    if board is None:
        raise MeterError("meter 'board' asked, but this host has no emulated board; use its own")
    return BoardReadings(board)
