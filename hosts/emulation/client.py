"""A board's client: what an agent, a knob or a meter on an emulated host asks it."""

from __future__ import annotations

import os
import socket

from hosts.core.errors import BoardError
from hosts.emulation import calls

BOARD_VARIABLE = "DYNASPLIT_BOARD"
ROOT_VARIABLE = "DYNASPLIT_BOARD_ROOT"


class BoardClient:
    """One connection to the board of this host; not to be shared between threads."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
        except OSError as error:
            raise BoardError(f"no emulated board answers at {path}: {error}") from error
        self._lines = self._socket.makefile("rb")

    def ask(self, call: calls.AnyCall) -> calls.Answer:
        """Send one call and wait for its answer.

        Raises:
            BoardError: refused by the board, or the board has gone.
        """
        try:
            self._socket.sendall(calls.encode(call) + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise BoardError(f"the emulated board has gone: {error}") from error
        if not line:
            raise BoardError("the emulated board has gone")
        answer = calls.decode_answer(line)
        if answer.error:
            raise BoardError(answer.error)
        return answer

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


def open_board() -> BoardClient | None:
    """The emulated board of this host, or None on a real machine."""
    path = os.environ.get(BOARD_VARIABLE)
    return BoardClient(path) if path else None
