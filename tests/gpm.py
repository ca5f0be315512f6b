"""A wall meter that PyVISA simulates, or on a TCP socket, with what it answers."""

import contextlib
import socket
import threading
from pathlib import Path

GPM_RESOURCE = "TCPIP::localhost::23::SOCKET"
_DEFINITION = """
spec: "1.1"
devices:
  gpm:
    eom:
      TCPIP SOCKET:
        q: "\\r\\n"
        r: "\\r\\n"
    error: ERROR
    dialogues:
      - q: "*IDN?"
        r: "{identity}"
      - q: ":NUMERIC:NORMAL:NUMBER 1"
      - q: ":NUMERIC:NORMAL:ITEM1 P"
      - q: ":NUMERIC:NORMAL:VALUE?"
        r: "{value}"
resources:
  TCPIP::localhost::23::SOCKET:
    device: gpm
"""


def simulated_gpm(
    folder: Path, value: str = "17.688E+00", identity: str = "GWInstek,GPM-8213,1,V1.05"
) -> Path:
    """Write the instrument's definition; the backend is its path and `@sim`."""
    path = folder / "gpm.yaml"
    path.write_text(_DEFINITION.format(value=value, identity=identity))
    return path


class Instrument:
    """A GPM-8213 on a TCP socket, which one client at a time may ask.

    Attributes:
        identity: what it says it is. value: the power; None: it is silent.
        rate_s: what it says of its update rate; None: nothing.
        asked: how often it was asked for the power. opened: how often it was connected to.
        hangs_up_at: it closes the connection when it was asked so often; None: never.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.identity = b"GWInstek,GPM-8213,1,V1.05"
        self.value: bytes | None = b"17.688E+00"
        self.rate_s: float | None = None
        self.asked = self.opened = 0
        self.hangs_up_at: int | None = None
        self._server = socket.create_server((address, 0))
        self._client: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def resource(self) -> str:
        address, port = self._server.getsockname()
        return f"TCPIP::{address}::{port}::SOCKET"

    def power(self) -> bytes | None:
        """What it answers when it is asked for the power; None: nothing."""
        return self.value

    def hang_up(self) -> None:
        """Close the connection to the one who asks."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take nobody any more."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._client, _ = self._server.accept()
                self.opened += 1
                with contextlib.suppress(OSError), self._client:
                    self._answer(self._client)

    def _answer(self, client: socket.socket) -> None:
        for line in client.makefile("rb"):
            if line == b"*IDN?\r\n":
                client.sendall(self.identity + b"\r\n")
            elif line == b":RATE?\r\n" and self.rate_s is not None:
                client.sendall(f"{self.rate_s:E}\r\n".encode())
            elif line == b":NUMERIC:NORMAL:VALUE?\r\n":
                self.asked += 1
                if self.asked == self.hangs_up_at:
                    return
                if (value := self.power()) is not None:
                    client.sendall(value + b"\r\n")
