"""The machine that this program runs on: its own clock, its own files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hosts.machine.base import HeadJob, HeadTiming, Payload, TailTiming
from hosts.machine.computing import go_through, load_all_cpus
from hosts.machine.held_gpu import holds_gpu
from hosts.wire.frames import TensorHeader
from hosts.wire.samples import HostSample

if TYPE_CHECKING:
    from hosts.coral.accelerator import Accelerator

T = TypeVar("T")
U = TypeVar("U")


class RealMachine:
    """The machine that this program runs on."""

    emulated = False
    root = Path("/")
    _settle_s = 0.02

    def __init__(self) -> None:
        self.python, self.runtime = sys.executable, "auto"
        self.link_target: tuple[str, int] | None = None
        self._gpu = False
        self._accelerator: Accelerator | None = None
        self._has_coral: bool | None = None

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC: the same for all programs of this host."""
        return time.monotonic_ns()

    def board_ns(self) -> int | None:
        """No board time here."""
        return None

    def catch_up(self, board_ns: int | None) -> None:
        """Nothing to take over."""

    def settle(self) -> None:
        """Give the kernel a moment."""
        time.sleep(self._settle_s)

    def accelerator_modes(self) -> tuple[str, ...]:
        """Those of a Coral that is plugged in, or whose port has no power just now."""
        from hosts.coral.usb import find_stick

        if self._has_coral is None:
            self._has_coral = bool(find_stick(self.root) or self.accelerator_switch())
        return ("off", "std", "max") if self._has_coral else ("off",)

    def accelerator_mode(self) -> str:
        """The mode in which its program holds it open."""
        return self._accelerator.mode if self._accelerator else "off"

    def open_accelerator(self, mode: str) -> None:
        """Open it in a program of its own, which replaces that of another mode."""
        from hosts.coral.accelerator import Accelerator
        from hosts.coral.usb import wait_for_stick

        if mode == "off":
            if self._accelerator:
                self._accelerator.close()
            return
        wait_for_stick(self.root)
        self._accelerator = self._accelerator or Accelerator()
        self._accelerator.open(mode)

    def accelerator_switch(self) -> Path | None:
        """In sysfs, at the hub that the stick is plugged into."""
        from hosts.coral.usb import find_switch

        return find_switch(self.root)

    def opened_accelerator(self) -> Accelerator | None:
        """The accelerator, if it is open; a program that died counts as open until it is asked."""
        return self._accelerator

    def hold_compiled(self, split_point: int, path: Path) -> None:
        """Keep where it is."""
        from hosts.coral.accelerator import Accelerator

        self._accelerator = self._accelerator or Accelerator()
        self._accelerator.compiled[split_point] = path

    def idle_state(self) -> str:
        """`accelerator` in any mode, and `gpu` once CUDA has a context here: it stays."""
        held = ["accelerator"] if self.accelerator_mode() != "off" else []
        return "+".join([*held, *(["gpu"] if holds_gpu(self.root) else [])])

    def placed_on_gpu(self) -> bool:
        """True if tails go to the GPU."""
        return self._gpu

    def place(self, gpu: bool) -> None:
        """Let tails go to the GPU, or to the CPU."""
        self._gpu = gpu

    def begin(self, run: str) -> int | None:
        """Nothing to do: the clock runs by itself."""
        return None

    def head(
        self, job: HeadJob, compute: Callable[[], T], encode: Callable[[T], Payload]
    ) -> tuple[HeadTiming, Payload]:
        """Run a head between two looks at the clock, and encode until a third."""
        start_ns = self.now_ns()
        output = compute()
        end_ns = self.now_ns()
        payload = encode(output)
        return HeadTiming(start_ns, end_ns, self.now_ns(), None), payload

    def result_ns(self, tail_end_ns: int) -> int:
        """Now: the result has just come."""
        return self.now_ns()

    def wait_until(self, result_ns: int) -> None:
        """Nothing to do: who has the result has waited for it."""

    def tail(
        self, header: TensorHeader, decode: Callable[[], T], compute: Callable[[T], U]
    ) -> tuple[TailTiming, U]:
        """Decode and run a tail between looks at the clock."""
        decode_start_ns = self.now_ns()
        tensor = decode()
        start_ns = self.now_ns()
        output = compute(tensor)
        return TailTiming(decode_start_ns, start_ns, start_ns, self.now_ns()), output

    def idle(self, run: str, duration_s: float) -> tuple[int, int]:
        """Sleep."""
        start_ns = self.now_ns()
        time.sleep(duration_s)
        return start_ns, self.now_ns()

    def look(self) -> HostSample | None:
        """Files tell it."""
        return None

    def loop(self, run: str, iterations: int) -> tuple[int, int]:
        """A loop of additions between two looks at the clock."""
        start_ns = self.now_ns()
        go_through(iterations)
        return start_ns, self.now_ns()

    def load(self, run: str, turns_s: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
        """Threads that hash, on each CPU of this program."""
        spans = []
        for rest_s, load_s in turns_s:
            time.sleep(rest_s)
            start_ns = self.now_ns()
            if load_s > 0:
                load_all_cpus(load_s)
                spans.append((start_ns, self.now_ns()))
        return spans

    def link_s(self, sent_bytes: int, exchange: Callable[[], object]) -> float:
        """Between two looks at the clock."""
        start_ns = self.now_ns()
        exchange()
        return (self.now_ns() - start_ns) / 1e9
