"""The machine below the agents: its clock, its files, and how work on it is timed.

A real machine times what runs; an emulated board says how long it would have taken. Agents
cannot tell which one they were given, but for `emulated`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from hosts.codecs.base import Buffer
from hosts.wire.frames import TensorHeader
from hosts.wire.samples import HostSample

if TYPE_CHECKING:
    from hosts.coral.accelerator import Accelerator

T = TypeVar("T")
U = TypeVar("U")


class HeadJob(NamedTuple):
    """The job of a head, by which emulated boards know its duration."""

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
    """The part of a head's output that is sent.

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
    """The machine below agents and knobs: clock, files, accelerator, timed work.

    Attributes:
        emulated: whether a board below is emulated.
        root: what stands for `/` in front of sysfs paths.
        python: the interpreter that computes networks here. runtime: the library asked for.
        link_target: on the edge, address and port of the cloud's tensor port; None: not known yet.
    """

    emulated: bool
    root: Path
    python: str
    runtime: str
    link_target: tuple[str, int] | None

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
        """The modes of the edge accelerator; `off` first."""
        ...

    def accelerator_mode(self) -> str:
        """The current mode of the edge accelerator."""
        ...

    def open_accelerator(self, mode: str) -> None:
        """Open the accelerator in a mode; `off` closes it."""
        ...

    def accelerator_switch(self) -> Path | None:
        """The file that cuts the power of the accelerator's port; None: there is none."""
        ...

    def opened_accelerator(self) -> Accelerator | None:
        """The open accelerator, which runs heads; None: the CPU runs them."""
        ...

    def hold_compiled(self, split_point: int, path: Path) -> None:
        """Take note of a head that is compiled for the accelerator."""
        ...

    def idle_state(self) -> str:
        """What this program holds open that draws power while it idles; empty: nothing."""
        ...

    def placed_on_gpu(self) -> bool:
        """True if tails go to the GPU."""
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
        """Let the next work on this machine wait for a result."""
        ...

    def tail(
        self, header: TensorHeader, decode: Callable[[], T], compute: Callable[[T], U]
    ) -> tuple[TailTiming, U]:
        """Decode a tensor, and run and time its tail."""
        ...

    def idle(self, run: str, duration_s: float) -> tuple[int, int]:
        """Do nothing for a while: start and end."""
        ...

    def look(self) -> HostSample | None:
        """What a board tells of itself; None on a machine, whose files tell it."""
        ...

    def loop(self, run: str, iterations: int) -> tuple[int, int]:
        """Go through a loop of pure computing on one CPU: start and end."""
        ...

    def load(self, run: str, turns_s: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
        """Rest and then load all CPUs, in turns of (rest, load) seconds; a load of 0 s is none.

        Returns:
            Start and end of each load.
        """
        ...

    def link_s(self, sent_bytes: int, exchange: Callable[[], object]) -> float:
        """Send so many bytes to the other host and wait for its answer: how long it took."""
        ...
