"""The machine below the agents: its clock, its files, and how work on it is timed.

A real machine times what runs; an emulated board says how long it would have taken. Agents
cannot tell which one they were given, but for `emulated`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from hosts.codecs.base import Buffer
from hosts.wire.messages import TensorHeader

if TYPE_CHECKING:
    from hosts.coral.accelerator import Accelerator

T = TypeVar("T")
U = TypeVar("U")


class HeadJob(NamedTuple):
    """What a head is run for: emulated boards know by it how long that takes."""

    network: str
    split_point: int
    request: int
    batch_size: int
    codec: str


class HeadTiming(NamedTuple):
    """When a head ran, when its tensor was encoded, and when (emulated boards only) it arrives."""

    start_ns: int
    end_ns: int
    encoded_ns: int
    arrives_ns: int | None


class TailTiming(NamedTuple):
    """When a tensor was decoded, and when its tail ran."""

    decode_start_ns: int
    decode_end_ns: int
    start_ns: int
    end_ns: int


class Payload(NamedTuple):
    """What is sent of a head's output.

    Attributes:
        raw_bytes: before encoding. sent_bytes: after it; 0: nothing is sent.
        dtype: as the receiver sees it. shape, scale, zero_point: likewise.
        body: the bytes, which may be a view of the head's own output; None: not to be sent.
    """

    raw_bytes: int
    sent_bytes: int = 0
    dtype: str = ""
    shape: tuple[int, ...] = ()
    scale: float | None = None
    zero_point: int | None = None
    body: Buffer | None = None


class Machine(Protocol):
    """What agents and knobs need of the machine that they run on.

    Attributes:
        emulated: whether a board below is emulated.
        root: what stands for `/` in front of sysfs paths.
    """

    emulated: bool
    root: Path

    def now_ns(self) -> int:
        """The host's clock; only differences mean something."""
        ...

    def board_ns(self) -> int | None:
        """Board time, to be carried to other boards; None on a real machine."""
        ...

    def catch_up(self, board_ns: int | None) -> None:
        """Take over board time that another board has reached."""
        ...

    def settle(self) -> None:
        """Let a write to sysfs take effect.

        Raises:
            KnobError: the write was refused.
        """
        ...

    def accelerator_modes(self) -> tuple[str, ...]:
        """How the edge accelerator can be used; `off` first."""
        ...

    def accelerator_mode(self) -> str:
        """How it is used now."""
        ...

    def open_accelerator(self, mode: str) -> None:
        """Open the accelerator in a mode; `off` closes it."""
        ...

    def accelerator_switch(self) -> Path | None:
        """The file that cuts the power of the accelerator's port; None: there is none."""
        ...

    def opened_accelerator(self) -> Accelerator | None:
        """What runs heads while the accelerator is open; None: heads run as without it."""
        ...

    def hold_compiled(self, split_point: int, path: Path) -> None:
        """Take note of a head that is compiled for the accelerator."""
        ...

    def placed_on_gpu(self) -> bool:
        """Whether tails go to the GPU."""
        ...

    def place(self, gpu: bool) -> None:
        """Let tails go to the GPU, or to the CPU."""
        ...

    def begin(self, run: str) -> int | None:
        """A run of this name begins; its start in board time, if that is what passes here."""
        ...

    def head(
        self, job: HeadJob, compute: Callable[[], T], encode: Callable[[T], Payload]
    ) -> tuple[HeadTiming, Payload]:
        """Run and time a head, then encode its output."""
        ...

    def result_ns(self, tail_end_ns: int) -> int:
        """The time at which the cloud's result is there."""
        ...

    def wait_until(self, result_ns: int) -> None:
        """What comes next on this machine waits for that result."""
        ...

    def tail(
        self, header: TensorHeader, decode: Callable[[], T], compute: Callable[[T], U]
    ) -> tuple[TailTiming, U]:
        """Decode a tensor, and run and time its tail."""
        ...

    def idle(self, run: str, duration_s: float) -> tuple[int, int]:
        """Do nothing for a while: start and end."""
        ...


class RealMachine:
    """The machine that this program runs on."""

    emulated = False
    root = Path("/")
    _settle_s = 0.02

    def __init__(self) -> None:
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

    def placed_on_gpu(self) -> bool:
        """Whether tails go to the GPU."""
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


def open_machine() -> Machine:
    """The emulated board if this host has one, else the machine itself."""
    from hosts.emulation.client import open_board

    board = open_board()
    if board is None:
        return RealMachine()
    from hosts.emulation.machine import EmulatedMachine

    return EmulatedMachine(board)
