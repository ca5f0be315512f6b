"""A wall meter of the `:NUMERIC:NORMAL` tree on a TCP socket, which keeps what it is told."""

import contextlib
import socket
import threading


class ScpiInstrument:
    """One client at a time.

    Attributes:
        identity: what it says it is. value: of whatever is asked; None: it is silent.
        rate: how it tells its update rate; None: it does not know the question.
        takes_rate: it does what `:RATE` says. told: the commands that it was given.
    """

    def __init__(self, identity: str, rate: str | None = "100.0E-03") -> None:
        self.identity, self.rate, self.takes_rate = identity, rate, True
        self.value: str | None = "17.688E+00"
        self.told: list[str] = []
        self.ranges = {"VOLTAGE": "300.0E+00", "CURRENT": "500.0E-03"}
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def resource(self) -> str:
        return f"TCPIP::127.0.0.1::{self._server.getsockname()[1]}::SOCKET"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with contextlib.suppress(OSError), client:
                    for line in client.makefile("r"):
                        if (answer := self._answer(line.strip())) is not None:
                            client.sendall(f"{answer}\r\n".encode())

    def _answer(self, line: str) -> str | None:
        if line == "*IDN?":
            return self.identity
        if line == ":NUMERIC:NORMAL:VALUE?":
            return self.value
        if line == ":RATE?":
            return self.rate
        if line.startswith(":INPUT:") and line.endswith(":RANGE?"):
            return self.ranges.get(line.split(":")[2])
        if not line.endswith("?"):
            self.told.append(line)
            if line.startswith(":RATE ") and self.takes_rate:
                self.rate = line.split()[1]
        return None
