"""One logged-in host over SSH: commands, files, ports; clear errors."""

from __future__ import annotations

import contextlib
import shlex
import socket
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import paramiko

from dynasplit.core.errors import (
    ConnectionLost,
    HostProgramFailed,
    HostUnreachable,
    TestbedError,
)
from dynasplit.testbed.address import HostAddress
from dynasplit.testbed.login.destination import destination_of
from dynasplit.testbed.login.log_in import log_in
from dynasplit.testbed.remote_shell import start_command

_KEEPALIVE_S = 15
_FORWARD_S = 10.0
_CONNECT_FAILED = 2  # of SSH: the forwarding is allowed, and nobody is there
_FEED_S = 60.0
_STALE_MIN = 60
_BLOCK_BYTES = 1 << 15
_MOMENT_S = 1.0

NO_CODE = -1
"""What paramiko says where a channel ended without an exit code: a signal, or no connection."""


class HostConnection:
    """A logged-in host.

    Attributes:
        address: as the configuration has it. destination: where that leads.
        fabric: the connection itself. transport: below it.
    """

    def __init__(self, address: HostAddress) -> None:
        """Log in.

        Raises:
            HostUnreachable, HostKeyRefused, LoginRefused: it cannot be; one line with the cause.
        """
        self.address = address
        self.destination = destination_of(address)
        with contextlib.ExitStack() as opened:
            self.fabric = log_in(self.destination, opened)
            self._opened = opened.pop_all()
        transport = self.fabric.client.get_transport()
        assert transport is not None
        transport.set_keepalive(_KEEPALIVE_S)
        self.transport: paramiko.Transport = transport

    def check_lasts(self, carried: str) -> None:
        """Raise ConnectionLost if the connection has ended, and with it what it carried.

        To be asked when a channel has ended without a word, which it does a moment before.
        """
        self.transport.join(_MOMENT_S)
        if not self.transport.is_active():
            raise ConnectionLost(
                f"{self.address}: the SSH connection has ended, and {carried} with it; when the "
                "host is back, the same command goes on"
            )

    def ask(self, command: str) -> str:
        """Run a short command; returns what it prints.

        Raises:
            HostProgramFailed: it did not exit with 0.
            ConnectionLost: the connection has ended.
        """
        printed, said, code = self._run(command, (), _FEED_S)
        if code:
            raise HostProgramFailed(f"{self.address}: {command!r} exited with {code}: {said}")
        return printed

    def start(self, command: str, timeout_s: float | None = None) -> paramiko.Channel:
        """Start a program that lives as long as its channel.

        Args:
            command: the shell's.
            timeout_s: for the host to open a session; None: as for any.
        """
        with self._connected():
            channel: paramiko.Channel = self.transport.open_session(timeout=timeout_s)
            try:
                start_command(channel, command, str(self.address))
            except BaseException:
                channel.close()
                raise
        return channel

    def feed(self, command: str, body: bytes = b"", timeout_s: float = _FEED_S) -> str:
        """Run a command that reads bytes; returns what it prints.

        Args:
            command: the shell's.
            body: its standard input.
            timeout_s: of each silence of the host.

        Raises:
            HostProgramFailed: what it said last, if it did not exit with 0.
            ConnectionLost: the connection has ended.
            HostUnreachable: the host stays silent, or the command was killed.
        """
        printed, said, code = self._run(command, (body,), timeout_s)
        if code:
            raise HostProgramFailed(said.splitlines()[-1] if said else f"exit code {code}")
        return printed

    def _run(self, command: str, blocks: Iterable[bytes], timeout_s: float) -> tuple[str, str, int]:
        """Run a command that reads bytes; returns what it prints, what it complains of, its code.

        Raises:
            HostUnreachable: the connection was lost.
        """
        channel = self.start(command, min(timeout_s, _FEED_S))
        with contextlib.closing(channel), self._connected():
            channel.settimeout(timeout_s)
            _send(channel, blocks)
            printed = channel.makefile("rb").read().decode(errors="replace")
            said = channel.makefile_stderr("rb").read().decode(errors="replace").strip()
            code = channel.recv_exit_status()
        if code == NO_CODE:
            self.check_lasts("what ran through it")
            raise HostUnreachable(f"{self.address}: a command ended without an exit code")
        return printed, said, code

    def put(self, local: Path, remote: str) -> None:
        """Copy a file to the host: whole or not at all, also if another one copies it too.

        It goes through the shell, since a host may have no SFTP.

        Raises:
            HostProgramFailed: the host does not take the file.
        """
        folder = shlex.quote(str(Path(remote).parent))
        part = shlex.quote(f"{remote}.{uuid.uuid4().hex[:8]}.part")
        command = (
            f"trap 'exit 1' HUP INT TERM; trap {shlex.quote(f'rm -f {part}')} EXIT\n"
            f"find {folder} -maxdepth 1 -name '*.part' -mmin +{_STALE_MIN} -delete\n"
            f"cat > {part} || exit 1\n"
            f'[ "$(wc -c < {part})" -eq {local.stat().st_size} ] '
            "|| { echo 'it was cut off' >&2; exit 1; }\n"
            f"mv {part} {shlex.quote(remote)}"
        )
        _, said, code = self._run(command, _blocks(local), _FEED_S)
        if code:
            raise HostProgramFailed(
                f"{self.address}: {local} cannot be copied to {remote} "
                f"({said.splitlines()[-1] if said else f'exit code {code}'}); is there room, and "
                "may this user write there?"
            )

    @contextlib.contextmanager
    def forward(self, remote_port: int) -> Iterator[int]:
        """Reach a port of the host's loopback; yields the local port."""
        self._check_forwards(remote_port)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            local_port = probe.getsockname()[1]
        with self.fabric.forward_local(
            local_port, remote_port=remote_port, remote_host="127.0.0.1", local_host="127.0.0.1"
        ):
            yield local_port

    def _check_forwards(self, remote_port: int) -> None:
        """Refuse a host that forwards no ports: who connects would wait in vain."""
        there, here = ("127.0.0.1", remote_port), ("127.0.0.1", 0)
        with _explained(self.address):
            try:
                self.transport.open_channel(
                    "direct-tcpip", there, here, None, None, _FORWARD_S
                ).close()
            except paramiko.ChannelException as error:
                if error.code == _CONNECT_FAILED:
                    raise TestbedError(
                        f"{self.address}: nothing answers at its port {remote_port}, where its "
                        "agent was: the agent or the host has ended; the same command goes on"
                    ) from error
                raise TestbedError(
                    f"{self.address}: the host does not forward to its port {remote_port} "
                    f"({error.text}), through which its agent is reached; allow it for this login "
                    "in its sshd_config: AllowTcpForwarding local, and no PermitOpen"
                ) from error

    def close(self) -> None:
        """Hang up."""
        self.fabric.close()
        self._opened.close()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Turn the SSH library's errors into ours, once the connection has been made."""
        if not self.transport.is_active():  # fabric would log in anew, without what ran here
            self.check_lasts("what ran through it")
        try:
            with _explained(self.address):
                yield
        except (HostUnreachable, HostProgramFailed):  # as what is seen of its end
            self.check_lasts("what ran through it")
            raise


def _blocks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise HostProgramFailed(f"{file} cannot be read: {error.strerror}") from error


def _send(channel: paramiko.Channel, blocks: Iterable[bytes]) -> None:
    """Send a program its input, and that this is all."""
    for block in blocks:
        try:
            channel.sendall(block)
        except OSError:  # it has ended early, and says why
            break
    with contextlib.suppress(OSError):
        channel.shutdown_write()


@contextlib.contextmanager
def _explained(address: HostAddress) -> Iterator[None]:
    """Turn the SSH library's errors of a connection into ours."""
    try:
        yield
    except paramiko.ChannelException as error:
        raise TestbedError(
            f"{address}: the host opens no further session ({error.text}); allow more in its "
            "sshd_config: MaxSessions 10"
        ) from error
    except paramiko.SSHException as error:
        raise HostUnreachable(f"{address}: SSH failed: {error}") from error
    except (EOFError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise HostUnreachable(f"{address}: no answer ({why}); is the host up?") from error
