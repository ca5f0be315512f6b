"""Reaches the SSH server of a host: over the network, or through a command (ProxyCommand)."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import tempfile
import time
from typing import IO

from dynasplit.core.errors import HostUnreachable
from dynasplit.testbed.login.destination import Destination

CONNECT_S = 8.0
_ANSWER_S = 1.5
_POLL_S = 0.02
_IDENTIFIES = re.compile(rb"^SSH-", re.MULTILINE)
_CLIENT = b"SSH-2.0-probe\r\n\r\n"
_LONGEST_BYTES = 4096
_SHOWN = 120


class Reached:
    """A socket to what is to be an SSH server.

    Attributes:
        socket: it. command: what carries it, if anything does.
    """

    def __init__(self, destination: Destination) -> None:
        """Reach it.

        Raises:
            HostUnreachable: there is no SSH server, in one line with the cause.
        """
        self.command: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        if destination.proxy_command is not None:
            self._start(destination.proxy_command)
            return
        self.socket = _connected(destination)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 40 ms a call else
            _refuse_other_servers(self.socket, destination)
        except BaseException:
            self.socket.close()
            raise

    def _start(self, command: str) -> None:
        """Have a command's input and output carry the socket."""
        self.socket, theirs = socket.socketpair()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 -- until it is closed
        with theirs:
            self.command = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._complaints,
                start_new_session=True,
            )

    def complaint(self) -> str:
        """The last line that the command said of itself; empty: there is none."""
        if self._complaints is None:
            return ""
        self._complaints.seek(0)
        said = self._complaints.read().decode(errors="replace").split()
        return " ".join(said)[-_SHOWN:]

    def close(self) -> None:
        """Hang up, and end the command."""
        self.socket.close()
        if self.command is not None:
            self.command.terminate()
            self.command.wait()
        if self._complaints is not None:
            self._complaints.close()


def _connected(destination: Destination) -> socket.socket:
    """Connect to the first of the host's addresses that answers."""
    try:
        return socket.create_connection((destination.host, destination.port), CONNECT_S)
    except socket.gaierror as error:
        raise HostUnreachable(
            f"{destination}: no such name ({error.strerror}), neither in the network nor in "
            "~/.ssh/config; is the host's address right?"
        ) from error
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise HostUnreachable(
            f"{destination}: no answer ({why}); is the host up, and its SSH server on that port?"
        ) from error


def _refuse_other_servers(connection: socket.socket, destination: Destination) -> None:
    """An SSH server speaks first (RFC 4253, 4.2), maybe after other lines; others wait for us."""
    begun, until_s = _peek(connection, destination), time.monotonic() + _ANSWER_S
    while begun and not _IDENTIFIES.search(begun) and time.monotonic() < until_s:
        time.sleep(_POLL_S)
        begun = _peek(connection, destination)
    if _IDENTIFIES.search(begun):
        return
    said = (begun or _answer(connection)).split(b"\n")[0].decode(errors="replace").strip()
    raise HostUnreachable(
        f"{destination}: what listens there is no SSH server: "
        f"{f'it says {said[:_SHOWN]!r}' if said else f'it is silent for {CONNECT_S:g} s'}"
    )


def _peek(connection: socket.socket, destination: Destination) -> bytes:
    """What has come so far, left for who reads it; empty: nothing in time."""
    connection.settimeout(CONNECT_S)
    try:
        begun = connection.recv(_LONGEST_BYTES, socket.MSG_PEEK)
    except TimeoutError:
        return b""
    except OSError as error:
        raise HostUnreachable(f"{destination}: hung up at once ({error.strerror})") from error
    if not begun:
        raise HostUnreachable(
            f"{destination}: accepts and hangs up at once; does its SSH server refuse this "
            "machine, or has it too many that are not logged in (MaxStartups)?"
        )
    return begun


def _answer(connection: socket.socket) -> bytes:
    """What a server that waits for its client says to ours."""
    connection.settimeout(_ANSWER_S)
    with contextlib.suppress(OSError):
        connection.sendall(_CLIENT)
        return connection.recv(_LONGEST_BYTES)
    return b""
