"""A relay between two ports whose connections can be reset, or carry nothing for a while."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any


class Relay:
    """Carries what comes to its port to another one, both on this machine.

    Attributes:
        port: where it listens.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = self._carries = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0)).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def reset(self, for_s: float) -> None:
        """Reset every connection, and any new one for a while."""
        self._do(self._reset(for_s))

    def hold(self, for_s: float) -> None:
        """Carry nothing for a while, as where a cable is out; connections stay as they are."""
        self._do(self._hold(for_s))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, what: Coroutine[Any, Any, Any]) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    async def _reset(self, for_s: float) -> None:
        self._open = False
        for writer in set(self._writers):
            _abort(writer)
        await asyncio.sleep(for_s)
        self._open = True

    async def _hold(self, for_s: float) -> None:
        self._carries = False
        await asyncio.sleep(for_s)
        self._carries = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            _abort(writer)
            return
        there, beyond = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, beyond}
        await asyncio.gather(self._carry(reader, beyond), self._carry(there, writer))
        self._writers -= {writer, beyond}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                while not self._carries:
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an end."""
    held = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
