"""The controller as a machine that programs run on, in the manner of a host over SSH."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from typing import BinaryIO, cast

from dynasplit.core.errors import HostProgramFailed, HostUnreachable
from dynasplit.testbed.address import HostAddress

_FEED_S = 60.0


class Controller:
    """This machine, with this program's interpreter.

    Attributes:
        address: named `controller`.
    """

    address = HostAddress(address="controller", python=sys.executable)

    def start(self, command: str) -> LocalChannel:
        """Start a shell's command; Ctrl-C at the terminal does not reach it."""
        return LocalChannel(command)

    def feed(self, command: str, body: bytes = b"", timeout_s: float = _FEED_S) -> str:
        """Run a command that reads bytes; returns what it prints.

        Raises:
            HostProgramFailed: what it said last, if it did not exit with 0.
            HostUnreachable: it takes too long.
        """
        try:
            done = subprocess.run(
                ["sh", "-c", command],
                input=body,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise HostUnreachable(
                f"{self.address}: a command did not end in {timeout_s:g} s"
            ) from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise HostProgramFailed(said[-1] if said else f"exit code {done.returncode}")
        return done.stdout.decode(errors="replace")

    def check_lasts(self, carried: str) -> None:
        """Nothing: there is no connection."""

    def close(self) -> None:
        """Nothing likewise."""


class LocalChannel:
    """A program here. It ends with its input, and so with this process, however that ends.

    Attributes:
        status_event: set when it has ended. exit_status: its code; below 0: the signal's number.
    """

    def __init__(self, command: str) -> None:
        self.status_event = threading.Event()
        self.exit_status = 0
        self._said, there = socket.socketpair()  # unlike a pipe it has time-outs
        with there:
            self._program = subprocess.Popen(
                ["sh", "-c", command],
                stdin=subprocess.PIPE,
                stdout=there.fileno(),
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        threading.Thread(target=self._wait, daemon=True).start()

    def settimeout(self, timeout: float | None) -> None:
        """So long a read of what it prints waits at the most."""
        self._said.settimeout(timeout)

    def makefile(self, mode: str) -> BinaryIO:
        """What it prints."""
        return cast(BinaryIO, self._said.makefile("rb"))

    def recv_stderr(self, nbytes: int) -> bytes:
        """What it complains of."""
        assert self._program.stderr is not None
        return os.read(self._program.stderr.fileno(), nbytes)

    def sendall(self, s: bytes) -> None:
        """Give it input.

        Raises:
            OSError: it has ended.
        """
        assert self._program.stdin is not None
        os.write(self._program.stdin.fileno(), s)

    def shutdown_write(self) -> None:
        """Close its input."""
        assert self._program.stdin is not None
        with contextlib.suppress(OSError):
            self._program.stdin.close()

    def exit_status_ready(self) -> bool:
        """True if it has ended."""
        return self.status_event.is_set()

    def close(self) -> None:
        """Close its input, and read no more of it."""
        self.shutdown_write()
        with contextlib.suppress(OSError):
            self._said.shutdown(socket.SHUT_RDWR)
        self._said.close()

    def _wait(self) -> None:
        self.exit_status = self._program.wait()
        self.status_event.set()
