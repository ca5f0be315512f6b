"""A machine that programs run on, however it is reached: a host over SSH, or the controller."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from dynasplit.testbed.address import HostAddress


class ProgramChannel(Protocol):
    """A running program, as paramiko's channels have it.

    Attributes:
        status_event: set when it has ended. exit_status: then its code; `NO_CODE`: it has none.
    """

    status_event: threading.Event
    exit_status: int

    def settimeout(self, timeout: float | None) -> None:
        """So long a read of what it prints waits at the most, and then raises TimeoutError."""
        ...

    def makefile(self, mode: str) -> Any:
        """What it prints."""
        ...

    def recv_stderr(self, nbytes: int) -> bytes:
        """What it complains of; nothing: no more comes."""
        ...

    def sendall(self, s: bytes) -> None:
        """Give it input."""
        ...

    def shutdown_write(self) -> None:
        """Close its input."""
        ...

    def exit_status_ready(self) -> bool:
        """True if it has ended."""
        ...

    def close(self) -> None:
        """Leave it."""
        ...


class ProgramHost(Protocol):
    """A machine that programs are started on.

    Attributes:
        address: names it, and its interpreter.
    """

    address: HostAddress

    def start(self, command: str) -> ProgramChannel:
        """Start a shell's command that lives as long as its channel."""
        ...

    def feed(self, command: str, body: bytes = b"", timeout_s: float = 60.0) -> str:
        """Run a command that reads bytes; returns what it prints."""
        ...

    def check_lasts(self, carried: str) -> None:
        """Raise ConnectionLost if the connection has ended, and with it what it carried."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...
