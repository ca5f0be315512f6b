"""Runs commands on a host whatever its login shell is, and whatever that prints at its start.

The login shell is only asked for a POSIX shell, in words that bash, fish, csh and others read
alike. That shell reads the command from its input, and marks where the command's output begins.
"""

from __future__ import annotations

import contextlib
import time
import uuid

import paramiko

from dynasplit.core.errors import HostProgramFailed

_READY_S = 30.0
_SHOWN = 200


def start_command(channel: paramiko.Channel, command: str, host: str) -> None:
    """Have a host's POSIX shell run a command; returns when its output is next to be read.

    Args:
        channel: a new session, without a time-out; what is sent next is the command's input.
        command: of any length, in the words of a POSIX shell.
        host: its name for messages.

    Raises:
        HostProgramFailed: the login shell did not run it, and what it said instead.
    """
    mark = uuid.uuid4().hex
    # in two parts, so that a shell that repeats its input does not pass
    script = f"printf '%s%s\\n' {mark[:16]} {mark[16:]}\n{command}".encode()
    # dd takes no byte more than it is told to; head and others may read on
    channel.exec_command(f"exec sh -c 'eval \"$(dd bs=1 count={len(script)} 2>/dev/null)\"'")
    with contextlib.suppress(OSError):  # it has ended already, and says why
        channel.sendall(script)
    _skip_greeting(channel, f"{mark}\n".encode(), host)


def _skip_greeting(channel: paramiko.Channel, mark: bytes, host: str) -> None:
    """Read up to the mark."""
    said = bytearray()
    until_s = time.monotonic() + _READY_S
    while not said.endswith(mark):
        channel.settimeout(max(until_s - time.monotonic(), 0.001))
        try:
            one = channel.recv(1)  # no byte of the command's own output
        except TimeoutError as error:
            raise HostProgramFailed(
                f"{host}: its login shell ran no command in {_READY_S:g} s{_shown(said)}"
            ) from error
        if not one:
            said += b"\n" + _complaint(channel)
            raise HostProgramFailed(
                f"{host}: its login shell ended before it ran a command{_shown(said)}; allowed: a "
                "login that runs `sh`, and start files that leave its input alone"
            )
        said += one
    channel.settimeout(None)


def _complaint(channel: paramiko.Channel) -> bytes:
    words = bytearray()
    with contextlib.suppress(OSError):
        while more := channel.recv_stderr(_SHOWN):
            words += more
    return bytes(words)


def _shown(said: bytearray) -> str:
    """The last line that it said."""
    lines = said.decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f", and said {last[:_SHOWN]!r}" if last else ""
