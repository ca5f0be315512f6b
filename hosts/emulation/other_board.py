"""The board of the other host that was started with this one, asked for its power."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hosts.core.errors import BoardError
from hosts.emulation import calls

_PATIENCE_S = 0.2
_PAUSE_S = 0.005


class OtherBoard:
    """Asks over the other board's socket; never moves its time."""

    def __init__(self, own_socket: Path) -> None:
        self._own = own_socket
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def come_to(self, at_ns: int) -> None:
        """Wait until its time has come so far, or does not go on."""
        waited_s, before_ns = 0.0, -1
        while (now_ns := (await self._ask(calls.Now())).now_ns) < at_ns:
            waited_s = waited_s + _PAUSE_S if now_ns == before_ns else 0.0
            if waited_s >= _PATIENCE_S:
                return
            before_ns = now_ns
            await asyncio.sleep(_PAUSE_S)

    async def mean_w(self, start_ns: int, end_ns: int) -> float:
        """Its mean power between two times; in what has not come yet it rests."""
        answer = await self._ask(calls.Drawn(start_ns=start_ns, end_ns=end_ns))
        return (answer.joules or 0.0) * 1e9 / (end_ns - start_ns)

    async def _ask(self, call: calls.AnyCall) -> calls.Answer:
        if self._streams is None:
            others = [
                p for p in self._own.parent.parent.glob(f"*/{self._own.name}") if p != self._own
            ]
            if len(others) != 1:
                raise BoardError(
                    f"one other board expected beside {self._own.parent}; found {len(others)}"
                )
            self._streams = await asyncio.open_unix_connection(str(others[0]))
        reader, writer = self._streams
        writer.write(calls.encode(call) + b"\n")
        await writer.drain()
        line = await reader.readline()
        if not line:
            raise BoardError("the other emulated board has gone")
        return calls.decode_answer(line)
