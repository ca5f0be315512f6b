"""A host on this machine: an SSH server on loopback, with an emulated board below it or none.

Started by the controller, whose pipe on standard input is the lifeline: when it closes, the
programs started over SSH end, and the host's private folder is removed.

    python -m hosts.ssh_server '{"role": "edge", "profile": "quick", ...}'
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

import asyncssh
import msgspec

from hosts.emulation.client import BOARD_VARIABLE, ROOT_VARIABLE
from hosts.machine.state_folder import STATE_VARIABLE

_PATIENCE_S = 5.0
_BLOCK_BYTES = 64 * 1024


class HostOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The order to serve a host: role, board, keys.

    Attributes:
        folder: private to this host. authorized_key: the one public key that may log in.
        profile: of the emulated board; None: there is none, the machine itself is the host.
        seed: of the board's noise. speedup: board seconds a wall second at the most.
        faults: that the boards are asked to have, of both hosts.
    """

    role: str
    folder: str
    authorized_key: str
    profile: str | None = None
    seed: int = 0
    speedup: float | None = None
    faults: list[dict[str, str | int | float | None]] = []


class HostUp(msgspec.Struct, kw_only=True):
    """The one line that the host prints: where it listens, and its public host key."""

    port: int
    host_key: str
    pid: int


class _Server(asyncssh.SSHServer):
    """Public keys only; forwards to this machine's loopback only."""

    def begin_auth(self, username: str) -> bool:
        return True

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        return dest_host in ("127.0.0.1", "localhost")


class LoopbackHost:
    """One SSH server, its board if it has one, and the programs running on the host.

    A board keeps the state before the first change in the private folder; the machine itself
    keeps it where any host does, since it must outlast a power cut.
    """

    def __init__(self, order: HostOrder) -> None:
        self.order = order
        self.folder = Path(order.folder)
        self._running: set[asyncio.subprocess.Process] = set()
        of_board = {
            BOARD_VARIABLE: str(self.folder / "board.sock"),
            ROOT_VARIABLE: str(self.folder / "root"),
            STATE_VARIABLE: str(self.folder / "state"),
        }
        plain = {k: v for k, v in os.environ.items() if k not in (BOARD_VARIABLE, ROOT_VARIABLE)}
        self._environment = plain | (of_board if order.profile else {})

    async def serve(self, lifeline: asyncio.StreamReader) -> None:
        """Serve until the lifeline closes; then end all programs and clear up."""
        board = asyncio.create_task(self._serve_board())
        try:
            acceptor = await self._listen()
            await lifeline.read()
            acceptor.close()
            await self._end_programs()
        finally:
            board.cancel()
            self._clear()

    async def _serve_board(self) -> None:
        order = self.order
        if order.profile is None:
            return
        from hosts.emulation.board_server import BoardServer
        from hosts.emulation.profile import load_profile

        profile, root = load_profile(order.profile), self.folder / "root"
        board = BoardServer(profile, order.role, root, order.seed, order.speedup, order.faults)
        await board.serve(self.folder / "board.sock")

    async def _listen(self) -> asyncssh.SSHAcceptor:
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        authorized = asyncssh.import_authorized_keys(self.order.authorized_key)
        acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=_Server,
            server_host_keys=[host_key],
            authorized_client_keys=authorized,
            password_auth=False,
            kbdint_auth=False,
            process_factory=self._program,
            sftp_factory=True,
            encoding=None,
        )
        public = host_key.export_public_key().decode().strip()
        up = HostUp(port=acceptor.get_port(), host_key=public, pid=os.getpid())
        with contextlib.suppress(BrokenPipeError):  # who started it has gone; the lifeline says so
            print(msgspec.json.encode(up).decode(), flush=True)
        return acceptor

    async def _program(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run one command of a client; it sees its input close when the connection does."""
        program = await asyncio.create_subprocess_shell(
            process.command or "true",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        self._running.add(program)
        assert program.stdin
        feeding = asyncio.create_task(_hand_in(process.stdin, program.stdin))
        try:
            assert program.stdout
            assert program.stderr
            # the channel ends when both have said all, and not the connection with it
            await asyncio.gather(
                _hand_on(program.stdout, process.stdout), _hand_on(program.stderr, process.stderr)
            )
            _told(process, await program.wait())
        finally:
            feeding.cancel()
            program.stdin.close()
            await self._end(program)
            self._running.discard(program)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait_closed(), _PATIENCE_S)

    async def _end_programs(self) -> None:
        for program in list(self._running):
            if program.stdin:
                program.stdin.close()
        await asyncio.gather(*(self._end(program) for program in list(self._running)))

    async def _end(self, program: asyncio.subprocess.Process) -> None:
        """Give a program time to end by itself (it puts knobs back), then end it."""
        try:
            await asyncio.wait_for(program.wait(), _PATIENCE_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)

    def _clear(self) -> None:
        """Remove this host's folder, and what they share if this is the last host."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shared = self.folder.parent
        if not any((shared / role).exists() for role in ("edge", "cloud")):
            shutil.rmtree(shared, ignore_errors=True)


def _told(process: asyncssh.SSHServerProcess[bytes], code: int) -> None:
    """Tell how a program ended; of one that was killed there is no exit code, as with OpenSSH."""
    if code < 0:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    else:
        process.exit(code)


async def _hand_on(source: asyncio.StreamReader, sink: asyncssh.SSHWriter[bytes]) -> None:
    """Hand on what a program says until it has ended; a client that closed its channel hears none.

    asyncssh's own redirection ends the whole connection where a channel closes before the program.
    """
    while words := await source.read(_BLOCK_BYTES):
        with contextlib.suppress(OSError, asyncssh.Error):
            sink.write(words)
            await sink.drain()


async def _hand_in(source: asyncssh.SSHReader[bytes], sink: asyncio.StreamWriter) -> None:
    """Hand a program its input until that ends; one that has ended hears none.

    Here too asyncssh's own redirection would end the connection.
    """
    with contextlib.suppress(OSError, asyncssh.Error):
        while words := await source.read(_BLOCK_BYTES):
            with contextlib.suppress(OSError):
                sink.write(words)
                await sink.drain()
    sink.close()


async def _main(order: HostOrder) -> None:
    loop = asyncio.get_running_loop()
    lifeline = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lifeline), sys.stdin.buffer)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, lifeline.feed_eof)
    asyncssh.set_log_level("ERROR")
    await LoopbackHost(order).serve(lifeline)


async def _serve_then_exit(order: HostOrder) -> None:
    await _main(order)
    os._exit(0)  # what still waits on closed connections has nothing left to do


if __name__ == "__main__":
    asyncio.run(_serve_then_exit(msgspec.json.decode(sys.argv[1], type=HostOrder)))
