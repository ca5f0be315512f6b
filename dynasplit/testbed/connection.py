"""One host over SSH (fabric): strict host keys, keys instead of passwords, clear errors."""

from __future__ import annotations

import contextlib
import logging
import shlex
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import paramiko
from fabric import Config, Connection

from dynasplit.core.errors import (
    ConnectionLost,
    HostKeyRefused,
    HostProgramFailed,
    HostUnreachable,
    LoginRefused,
    TestbedError,
)
from dynasplit.testbed.address import HostAddress

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what matters is raised

_CONNECT_S = 10
_KEEPALIVE_S = 15
_FEED_S = 60.0
_STALE_MIN = 60
_MOMENT_S = 1.0

NO_CODE = -1
"""What paramiko says where a channel ended without an exit code: a signal, or no connection."""


class HostConnection:
    """A logged-in host.

    Attributes:
        address: where it is. fabric: the connection itself.
    """

    def __init__(self, address: HostAddress) -> None:
        self.address = address
        self.fabric = _connection(address)
        with _explained(address):
            self.fabric.open()
        transport = self.fabric.client.get_transport()
        assert transport is not None
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 40 ms a call else
        transport.set_keepalive(_KEEPALIVE_S)
        self.transport = transport

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
        with self._connected():
            result = self.fabric.run(command, hide=True, warn=True, in_stream=False)
        if result.failed:
            raise HostProgramFailed(
                f"{self.address}: {command!r} exited with {result.exited}: {result.stderr.strip()}"
            )
        return str(result.stdout)

    def start(self, command: str) -> paramiko.Channel:
        """Start a program that lives as long as its channel."""
        with self._connected():
            channel: paramiko.Channel = self.transport.open_session()
            channel.exec_command(command)
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
        channel = self.start(command)
        with contextlib.closing(channel), self._connected():
            channel.settimeout(timeout_s)
            with contextlib.suppress(OSError):  # it has ended early, and says why
                channel.sendall(body)
                channel.shutdown_write()
            printed = channel.makefile("rb").read().decode(errors="replace")
            said = channel.makefile_stderr("rb").read().decode(errors="replace").strip()
            code = channel.recv_exit_status()
        if code == NO_CODE:
            self.check_lasts("what ran through it")
            raise HostUnreachable(f"{self.address}: a command ended without an exit code")
        if code:
            raise HostProgramFailed(said.splitlines()[-1] if said else f"exit code {code}")
        return str(printed)

    def put(self, local: Path, remote: str) -> None:
        """Copy a file to the host: whole or not at all, also if another one copies it too.

        Raises:
            HostProgramFailed: the host does not take the file.
        """
        part = f"{remote}.{uuid.uuid4().hex[:8]}.part"
        folder, quoted = shlex.quote(str(Path(remote).parent)), shlex.quote(part)
        self.ask(f"find {folder} -maxdepth 1 -name '*.part' -mmin +{_STALE_MIN} -delete")
        try:
            with self._connected():
                self._copy(local, part)
            self.ask(f"mv {quoted} {shlex.quote(remote)}")
        except BaseException:
            with contextlib.suppress(TestbedError):  # where the way is lost, the next copy does it
                self.ask(f"rm -f {quoted}")
            raise

    def _copy(self, local: Path, remote: str) -> None:
        try:
            self.fabric.put(str(local), remote)
        except (OSError, paramiko.SFTPError) as error:
            if not self.transport.is_active():
                raise
            raise HostProgramFailed(
                f"{self.address}: {local} cannot be copied to {remote} ({error}); is there room, "
                "and may this user write there?"
            ) from error

    @contextlib.contextmanager
    def forward(self, remote_port: int) -> Iterator[int]:
        """Reach a port of the host's loopback; yields the local port."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            local_port = probe.getsockname()[1]
        with self.fabric.forward_local(
            local_port, remote_port=remote_port, remote_host="127.0.0.1", local_host="127.0.0.1"
        ):
            yield local_port

    def close(self) -> None:
        """Hang up."""
        self.fabric.close()

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Turn the SSH library's errors into ours, once the connection has been made."""
        if not self.transport.is_active():  # fabric would log in anew, without what ran here
            self.check_lasts("what ran through it")
        try:
            with _explained(self.address):
                yield
        except HostUnreachable:
            self.check_lasts("what ran through it")
            raise


def _connection(address: HostAddress) -> Connection:
    """A connection that trusts only known host keys; nothing of ~/.ssh/config is taken."""
    keys: dict[str, object] = {"banner_timeout": _CONNECT_S, "auth_timeout": _CONNECT_S}
    if address.key_file:
        keys |= {"key_filename": address.key_file, "look_for_keys": False, "allow_agent": False}
    connection = Connection(
        address.address,
        user=address.user,
        port=address.port,
        config=Config(overrides={"load_ssh_configs": False}),
        connect_timeout=_CONNECT_S,
        connect_kwargs=keys,
    )
    connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if address.known_hosts:
        try:
            connection.client.load_host_keys(address.known_hosts)
        except OSError as error:
            raise HostKeyRefused(
                f"{address}: known_hosts file {address.known_hosts} cannot be read "
                f"({error.strerror}); write the host's key there (ssh-keyscan, then compare)"
            ) from error
    else:
        connection.client.load_system_host_keys()
    return connection


@contextlib.contextmanager
def _explained(address: HostAddress) -> Iterator[None]:
    """Turn the SSH library's errors into ours."""
    try:
        yield
    except paramiko.BadHostKeyException as error:
        raise HostKeyRefused(
            f"{address}: the host shows another key ({error.key.get_name()} "
            f"{error.key.fingerprint}) than the one known for it "
            f"({error.expected_key.fingerprint}). If the host was set up anew, replace its line "
            "in the known_hosts file; else do not log in"
        ) from error
    except paramiko.AuthenticationException as error:
        raise LoginRefused(
            f"{address}: the host does not take the key "
            f"{address.key_file or 'of this user'}; add its public part to the host's "
            "~/.ssh/authorized_keys (passwords are not used)"
        ) from error
    except paramiko.PasswordRequiredException as error:
        raise LoginRefused(f"{address}: {address.key_file} is encrypted; use an agent") from error
    except paramiko.SSHException as error:
        if "not found in known_hosts" in str(error):
            raise HostKeyRefused(
                f"{address}: no key is known for this host; write it to "
                f"{address.known_hosts or '~/.ssh/known_hosts'} (ssh-keyscan, then compare)"
            ) from error
        raise HostUnreachable(f"{address}: SSH failed: {error}") from error
    except FileNotFoundError as error:
        raise LoginRefused(f"{address}: no such file: {error.filename}") from error
    except (TimeoutError, EOFError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise HostUnreachable(
            f"{address}: no answer ({why}); is the host up, and its SSH server on that port?"
        ) from error
