"""An emulated board as the machine below the agents: computes for real, asks the board for time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from hosts.core.errors import KnobError
from hosts.emulation import calls
from hosts.emulation.client import ROOT_VARIABLE, BoardClient
from hosts.machine.base import HeadJob, HeadTiming, Payload, TailTiming
from hosts.wire.frames import TensorHeader
from hosts.wire.samples import HostSample

T = TypeVar("T")
U = TypeVar("U")


class EmulatedMachine:
    """Speaks to this host's board; safe to share between threads."""

    emulated = True

    def __init__(self, board: BoardClient) -> None:
        self._board = board
        self._lock = threading.Lock()
        self._waits_until_ns: int | None = None
        self.root = Path(os.environ[ROOT_VARIABLE])
        self.python, self.runtime = sys.executable, "auto"
        self.link_target: tuple[str, int] | None = None

    def _ask(self, call: calls.AnyCall) -> calls.Answer:
        with self._lock:
            if self._waits_until_ns is not None:
                call.board_ns = max(self._waits_until_ns, call.board_ns or 0)
                self._waits_until_ns = None
            return self._board.ask(call)

    def facts(self) -> dict[str, object]:
        """The board's facts."""
        return dict(self._ask(calls.Describe()).facts)

    @cached_property
    def _bends_times(self) -> bool:
        """The host's clock, or a timer on it, has a fault."""
        return bool(self.facts()["times_are_bent"])

    def now_ns(self) -> int:
        """Board time, or what the host's clock makes of it."""
        return self._ask(calls.Now()).start_ns

    def board_ns(self) -> int | None:
        """Board time."""
        return self._ask(calls.Now()).now_ns

    def catch_up(self, board_ns: int | None) -> None:
        """Rest until another board's time."""
        if board_ns is not None:
            self._ask(calls.Now(board_ns=board_ns))

    def settle(self) -> None:
        """Have the board answer all writes; KnobError names a refused one."""
        refused = self._ask(calls.Settle()).refused
        if refused:
            raise KnobError("; ".join(refused))

    def accelerator_modes(self) -> tuple[str, ...]:
        """As the board's profile says."""
        modes = self.facts()["accelerator_modes"]
        return tuple(modes) if isinstance(modes, list) else ("off",)

    def accelerator_mode(self) -> str:
        """As the board says."""
        return str(self.facts()["accelerator_mode"])

    def open_accelerator(self, mode: str) -> None:
        """Open the board's accelerator in a mode."""
        self._ask(calls.OpenAccelerator(mode=mode))

    def accelerator_switch(self) -> Path | None:
        """The port of the board's tree."""
        return next(iter(sorted(self.root.glob("sys/bus/usb/devices/*/usb*-port*/disable"))), None)

    def opened_accelerator(self) -> None:
        """The board times the accelerator; its heads are those of the CPU."""

    def hold_compiled(self, split_point: int, path: Path) -> None:
        """Not needed by a board."""

    def idle_state(self) -> str:
        """All that its idle power depends on: the accelerator's mode, and an edge's frequency.

        A profile's GPU idles as it does without a context.
        """
        return str(self.facts()["idle_state"])

    def placed_on_gpu(self) -> bool:
        """As the board says."""
        return bool(self.facts()["gpu_placed"])

    def place(self, gpu: bool) -> None:
        """Tell the board where tails go."""
        self._ask(calls.Place(gpu=gpu))

    def begin(self, run: str) -> int | None:
        """Begin a run at the next whole second of board time."""
        return self._ask(calls.Begin(run=run)).start_ns

    def head(
        self, job: HeadJob, compute: Callable[[], T], encode: Callable[[T], Payload]
    ) -> tuple[HeadTiming, Payload]:
        """Compute and encode; the board says how long it took, the link by the share sent."""
        payload = encode(compute())
        share = payload.sent_bytes / payload.raw_bytes if payload.sent_bytes else 1.0
        answer = self._ask(calls.Head(**job._asdict(), sent_share=share))
        timing = HeadTiming(answer.start_ns, answer.end_ns, answer.encoded_ns, answer.arrives_ns)
        return timing, payload

    def result_ns(self, tail_end_ns: int) -> int:
        """When the tail is done; the way back takes no time of its own."""
        if not self._bends_times:
            return tail_end_ns
        return self._ask(calls.Noticed(tail_end_ns=tail_end_ns)).end_ns

    def wait_until(self, result_ns: int) -> None:
        """Have the next call tell the board how long it has waited."""
        if self._bends_times:
            result_ns = self._ask(calls.Meant(told_ns=result_ns)).start_ns
        self._waits_until_ns = max(result_ns, self._waits_until_ns or 0)

    def tail(
        self, header: TensorHeader, decode: Callable[[], T], compute: Callable[[T], U]
    ) -> tuple[TailTiming, U]:
        """Compute the tail; the board says when it ran."""
        if header.arrives_ns is None or header.run_start_ns is None:
            raise KnobError(
                "an emulated cloud needs an emulated edge: the tensor has no board time"
            )
        output = compute(decode())
        answer = self._ask(
            calls.Tail(
                run=header.run,
                run_start_ns=header.run_start_ns,
                network=header.network,
                split_point=header.split_point,
                gpu=header.cloud_gpu,
                request=header.request,
                arrives_ns=header.arrives_ns,
                batch_size=len(header.images),
                codec=header.codec,
            )
        )
        decode_start_ns = answer.start_ns - answer.decode_ns
        timing = TailTiming(decode_start_ns, answer.start_ns, answer.start_ns, answer.end_ns)
        return timing, output

    def idle(self, run: str, duration_s: float) -> tuple[int, int]:
        """An idle window in board time."""
        answer = self._ask(calls.Idle(run=run, duration_ns=round(duration_s * 1e9)))
        return answer.start_ns, answer.end_ns

    def look(self) -> HostSample:
        """What the board's kernel would tell, and a loop that takes no board time."""
        return self._ask(calls.Look()).seen[0]

    def loop(self, run: str, iterations: int) -> tuple[int, int]:
        """The board's own time for it; nothing is computed."""
        answer = self._ask(calls.Loop(run=run, iterations=iterations))
        return answer.start_ns, answer.end_ns

    def load(self, run: str, turns_s: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
        """In board time."""
        turns_ns = [(round(rest_s * 1e9), round(load_s * 1e9)) for rest_s, load_s in turns_s]
        return self._ask(calls.Load(run=run, turns_ns=turns_ns)).spans

    def link_s(self, sent_bytes: int, exchange: Callable[[], object]) -> float:
        """Sends it for real; the time is that of the profile's link."""
        exchange()
        answer = self._ask(calls.Link(sent_kb=sent_bytes / 1024))
        return (answer.end_ns - answer.start_ns) / 1e9
