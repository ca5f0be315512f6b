"""Serves an emulated board: calls over a unix socket, writes to its sysfs tree."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hosts.core.errors import BoardError
from hosts.emulation import calls
from hosts.emulation.acting_faults import ActingFaults
from hosts.emulation.asked_faults import built
from hosts.emulation.board import CloudBoard, EdgeBoard
from hosts.emulation.board_base import Board
from hosts.emulation.clock import NS_PER_S, to_ns
from hosts.emulation.faults.base import Asked, TimerFault
from hosts.emulation.faulty_meter import FaultyMeter
from hosts.emulation.host_clocks import HostClocks
from hosts.emulation.meter import BoardMeter
from hosts.emulation.other_board import OtherBoard
from hosts.emulation.profile import Profile
from hosts.emulation.strikes import Strikes
from hosts.emulation.sysfs import EdgeTree, make_cloud_tree

_QUIET_S = 0.003
_PATIENCE_S = 0.2
_WATCH_S = 0.05


@dataclass
class BoardServer:
    """One board with its tree, its meter and its clock's pace.

    Attributes:
        root: the folder that stands for `/` on the board.
        speedup: board seconds a wall second at the most; None: as fast as it goes.
        faults: that both boards are asked to have; each takes its own.
    """

    profile: Profile
    role: str
    root: Path
    seed: int
    speedup: float | None = None
    faults: Sequence[Asked] = ()
    board: Board = field(init=False)

    def __post_init__(self) -> None:
        self.tree: EdgeTree | None = None
        faults = ActingFaults(built(self.faults, self.role, self.seed))
        if self.role == "edge":
            edge = EdgeBoard(self.profile, self.seed, faults)
            self.board, meter = edge, self.profile.edge.meter
            self.tree = EdgeTree(self.root, edge)
        else:
            self.board, meter = (
                CloudBoard(self.profile, self.seed, faults),
                self.profile.cloud.meter,
            )
            make_cloud_tree(self.root, self.profile.cloud.gpu)
        self.meter = BoardMeter(self.board, meter, self.role)
        self._faulty: FaultyMeter | None = None
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._clocks = HostClocks(self.faults, self.role)
        self._strikes = Strikes(faults, self.root.parent / "state", self.role)
        self._moved = asyncio.Event()
        self._gpu = False

    async def serve(self, socket: Path) -> None:
        """Answer until cancelled."""
        faults = self.board.faults
        if faults.bend_meter:
            self._faulty = FaultyMeter(self.meter, faults, OtherBoard(socket))
        server = await asyncio.start_unix_server(self._client, str(socket), limit=1 << 20)
        self._server = server
        watcher = asyncio.create_task(self._watch())
        try:
            await server.serve_forever()
        finally:
            watcher.cancel()

    async def _watch(self) -> None:
        """Answer the writes of programs that do not ask the board to settle."""
        while self.tree:
            await asyncio.sleep(_WATCH_S)
            self.tree.settle()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                answer = calls.encode(await self._answer(line, writer))
                if self._strikes.board_is_gone:
                    self._go()
                    break
                writer.write(answer + b"\n")
                await writer.drain()
        self._clients.discard(writer)
        writer.close()

    def _go(self) -> None:
        """Answer nobody from now on."""
        assert self._server
        self._server.close()
        for client in self._clients:
            client.close()

    async def _answer(self, line: bytes, client: asyncio.StreamWriter) -> calls.Answer:
        try:
            call = calls.decode_call(line)
            before_ns = self.board.history.now_ns
            if call.board_ns is not None:
                self.board.rest_until(call.board_ns)
            if isinstance(call, calls.Readings):
                answer = await self._readings(call)
            else:
                answer = self._do(call)
            if self.board.faults:
                self._strikes.strike(self.board.history.now_ns, call, client)
            if self._clocks:
                self._clocks.told(call, answer)
        except (BoardError, ValueError, msgspec.MsgspecError) as error:
            return calls.Answer(now_ns=self.board.history.now_ns, error=str(error))
        answer.now_ns = self.board.history.now_ns
        if self.tree and self.board.faults:
            self.tree.settle()  # what its files tell may change by itself
        if answer.now_ns > before_ns:
            self._moved.set()
            if self.speedup:
                await asyncio.sleep((answer.now_ns - before_ns) / NS_PER_S / self.speedup)
        return answer

    def _do(self, call: calls.AnyCall) -> calls.Answer:
        board = self.board
        match call:
            case calls.Describe():
                return calls.Answer(facts=self._facts())
            case calls.Settle():
                return calls.Answer(refused=self.tree.settle() if self.tree else [])
            case calls.Begin():
                return calls.Answer(start_ns=board.begin(call.run))
            case calls.Rest():
                board.rest_until(call.until_ns)
            case calls.Idle():
                start_ns, end_ns = board.idle(call.run, call.duration_ns)
                return calls.Answer(start_ns=start_ns, end_ns=end_ns)
            case calls.Loop():
                start_ns, end_ns = board.compute(call.run, call.iterations)
                return calls.Answer(start_ns=start_ns, end_ns=end_ns)
            case calls.Look():
                return calls.Answer(seen=[board.look()])
            case calls.Load():
                return calls.Answer(spans=board.load(call.run, call.turns_ns))
            case calls.Link():
                start_ns = board.history.now_ns
                transfer_ms = self.profile.link.transfer_ms(call.sent_kb)
                if isinstance(board, EdgeBoard):
                    transfer_ms = board.on_link_ms(transfer_ms, start_ns, "link", start_ns)
                board.rest_until(start_ns + to_ns(transfer_ms))
                return calls.Answer(start_ns=start_ns, end_ns=board.history.now_ns)
            case calls.Exact():
                return calls.Answer(joules=board.history.exact_j(call.start_ns, call.end_ns))
            case calls.Drawn():
                return calls.Answer(joules=board.drawn_j(call.start_ns, call.end_ns))
            case calls.Now():
                return calls.Answer(start_ns=board.history.now_ns)
            case calls.Meant():
                return calls.Answer(start_ns=self._clocks.meant_ns(call.told_ns, self.role))
            case _:
                return self._work(call)
        return calls.Answer()

    def _work(self, call: calls.AnyCall) -> calls.Answer:
        board = self.board
        match call, board:
            case calls.OpenAccelerator(), EdgeBoard():
                board.open_accelerator(call.mode)
                return calls.Answer()
            case calls.Head(), EdgeBoard():
                return _head(board, call)
            case calls.Noticed(), EdgeBoard():
                end_ns = self._clocks.meant_ns(call.tail_end_ns, "cloud")
                return calls.Answer(end_ns=board.noticed_ns(end_ns))
            case calls.Place(), CloudBoard():
                if call.gpu != self._gpu:
                    board.reconfigure(self.profile.cloud.reconfigure_ms, "cloud_gpu")
                    self._gpu = call.gpu
                return calls.Answer()
            case calls.Tail(), CloudBoard():
                return _tail(board, call)
        raise BoardError(f"{type(call).__name__} asked of the {self.role} board")

    def _facts(self) -> dict[str, str | int | float | bool | list[str]]:
        profile = self.profile
        name = profile.edge.name if self.role == "edge" else profile.cloud.name
        return {
            "board": name,
            "profile": profile.name,
            "made_up": profile.made_up,
            "emulated": True,
            "accelerator_modes": list(profile.edge.accelerator_modes),
            "accelerator_mode": getattr(self.board, "mode", "off"),
            "idle_state": getattr(self.board, "idle_state", ""),
            "gpu": profile.cloud.gpu,
            "gpu_placed": self._gpu,
            "faults": self.board.faults.words,
            **self._assumed(),
            "times_are_bent": bool(self._clocks or self.board.faults.of(TimerFault)),
            "meter": ", ".join([self.meter.meter.identity, *self._of_meter()]),
            "meter_domain": self.meter.meter.domain,
            "meter_period_s": self.meter.meter.period_s,
            "meter_error_pct": self.meter.meter.gain_pct + 2 * self.meter.meter.noise_pct,
        }

    def _assumed(self) -> dict[str, float]:
        """The watts assumed for what of a node was not measured."""
        rest_w = self.profile.cloud.rest_w
        return {} if rest_w is None or self.role == "edge" else {"cloud_rest_w": rest_w}

    def _of_meter(self) -> list[str]:
        """What is to be said of the meter beside its identity."""
        faults = self.board.faults
        return [f"with the fault {f.words}" for f in faults.every if f.place == "meter"]

    async def _complete(self, first: int) -> list[tuple[int, float]]:
        """The meter's readings by now."""
        if self._faulty is None:
            return self.meter.readings(first)
        await self._faulty.go_on()
        return self._faulty.readings(first)

    async def _readings(self, call: calls.Readings) -> calls.Answer:
        """Wait for readings, then until the board rests: fewer, larger answers."""
        while not await self._complete(call.first):
            self._moved.clear()
            await self._moved.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._rested()
        return calls.Answer(readings=await self._complete(call.first))

    async def _rested(self) -> None:
        while True:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), _QUIET_S)
            except TimeoutError:
                return


def _head(board: EdgeBoard, call: calls.Head) -> calls.Answer:
    """Head, codec and link, one after the other; at the last split point the head alone."""
    where = (call.network, call.split_point, call.request)
    start_ns, end_ns = board.head(*where, call.batch_size)
    if board.profile.is_last(call.network, call.split_point):
        if board.faults:
            end_ns = board.noticed_ns(end_ns)
            board.rest_until(end_ns)
        return calls.Answer(start_ns=start_ns, end_ns=end_ns, encoded_ns=end_ns, arrives_ns=end_ns)
    encoded_ns = board.encode(*where, call.codec, call.batch_size)
    arrives_ns = board.send(*where, call.batch_size, call.sent_share)
    return calls.Answer(
        start_ns=start_ns, end_ns=end_ns, encoded_ns=encoded_ns, arrives_ns=arrives_ns
    )


def _tail(board: CloudBoard, call: calls.Tail) -> calls.Answer:
    board.begin(call.run, call.run_start_ns)
    where = (call.network, call.split_point)
    size = call.batch_size
    decode_ns = board.decode(*where, call.request, call.arrives_ns, call.codec, size)
    start_ns, end_ns = board.tail(*where, call.gpu, call.request, call.arrives_ns, size)
    return calls.Answer(start_ns=start_ns, end_ns=end_ns, decode_ns=decode_ns)
