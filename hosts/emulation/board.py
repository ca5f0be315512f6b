"""The emulated boards: duration and power of work, in board time.

One state per board: its settings, its time and its power decide how long a head or tail takes,
what the meter reads and what sysfs says. Nothing here looks at the wall's clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hosts.core.errors import BoardError
from hosts.emulation.board_base import LOOP_NS_GHZ, Board


@dataclass
class EdgeBoard(Board):
    """The edge: its CPU frequency and its accelerator decide a head's time and power.

    Attributes:
        cpu_mhz: as sysfs says. port_on: whether the accelerator's USB port has power.
        mode: how the accelerator was opened last; `off` without power.
        link_free_ns: when the link has carried the last tensor of this run.
    """

    cpu_mhz: float = 0.0
    port_on: bool = False
    mode: str = "off"
    link_free_ns: int = 0
    _under_way: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.cpu_mhz = self.cpu_mhz or self.profile.edge.start.cpu_mhz
        self.switch_port(len(self.profile.edge.accelerator_modes) > 1)

    @property
    def true_mhz(self) -> float:
        """The frequency at which it computes: the one that was set, unless a fault bends it."""
        if not self.faults:
            return self.cpu_mhz
        return self.faults.running_mhz(self.cpu_mhz, self.history.now_ns)

    @property
    def shown_mhz(self) -> float:
        """The frequency that its files tell."""
        if not self.faults:
            return self.cpu_mhz
        return self.faults.shown_mhz(self.cpu_mhz, self.history.now_ns)

    @property
    def told_mhz(self) -> float:
        """As `shown_mhz`."""
        return self.shown_mhz

    @property
    def resting_w(self) -> float:
        """Power while waiting: depends on frequency and accelerator."""
        return self.profile.edge.power_w(False, self.true_mhz, self.mode) * self._factors.power

    @property
    def idle_state(self) -> str:
        """All that its idle power depends on."""
        return f"accelerator {self.mode}, {self.true_mhz:g} MHz"

    @property
    def busy_w(self) -> float:
        """What a head on the CPU draws above waiting, beside what the accelerator draws."""
        active_w, waiting_w = (
            self.profile.edge.power_w(active, self.true_mhz, "off") for active in (True, False)
        )
        return self.resting_w + (active_w - waiting_w) * self._factors.power

    @property
    def loop_ns(self) -> float:
        """Proportional to 1/f."""
        return LOOP_NS_GHZ * 1000 / self.true_mhz

    def switch_port(self, on: bool) -> None:
        """Power the accelerator's port; it comes up in its first mode."""
        self.port_on = on
        modes = [m for m in self.profile.edge.accelerator_modes if m != "off"]
        self.mode = modes[0] if on and modes else "off"

    def open_accelerator(self, mode: str) -> None:
        """Open the accelerator in a mode, or close it (`off`).

        Raises:
            BoardError: the board has no such mode, or the port has no power.
        """
        if mode == self.mode:
            return
        if mode not in self.profile.edge.accelerator_modes:
            allowed = ", ".join(self.profile.edge.accelerator_modes)
            raise BoardError(f"accelerator mode {mode!r} asked of the board; allowed: {allowed}")
        if mode != "off" and not self.port_on:
            raise BoardError(f"accelerator mode {mode!r} asked, but its USB port has no power")
        self.mode = mode
        self.reconfigure(self.profile.edge.reconfigure_ms, "edge_accelerator")

    def noticed_ns(self, end_ns: int) -> int:
        """When the end of the oldest inference that is under way is noticed."""
        start_ns = self._under_way.popleft() if self._under_way else end_ns
        return self.faults.noticed_ns(start_ns, end_ns)

    def begin(self, run: str, start_ns: int | None = None, *, noisy: bool = True) -> int:
        """As any board; the link is then free."""
        begun_ns = super().begin(run, start_ns, noisy=noisy)
        self._under_way.clear()
        self.link_free_ns = begun_ns
        return begun_ns

    def head(
        self, network: str, split_point: int, request: int, batch_size: int = 1
    ) -> tuple[int, int]:
        """Run a head on a batch, image by image; returns its start and end in board time."""
        start_ns = self.history.now_ns
        edge_ms = self.profile.edge_ms(network, split_point, self.true_mhz, self.mode) * batch_size
        self._work_until(start_ns + self._takes_ns(edge_ms, request, "head"))
        if self.faults:
            self._under_way.append(start_ns)
        return start_ns, self.history.now_ns

    def encode(
        self, network: str, split_point: int, request: int, codec: str, batch_size: int = 1
    ) -> int:
        """Encode a head's output; returns when it is done."""
        cost_ms = self.profile.encode_ms(network, split_point, codec, self.true_mhz) * batch_size
        if cost_ms > 0:
            takes_ns = self._takes_ns(cost_ms, request, "encode")
            self._work_until(self.history.now_ns + takes_ns)
        return self.history.now_ns

    def send(
        self,
        network: str,
        split_point: int,
        request: int,
        batch_size: int = 1,
        sent_share: float = 1.0,
    ) -> int:
        """When a tensor sent now arrives in the cloud; the edge's time stands meanwhile.

        The link carries one tensor at a time.
        """
        transfer_ms = self.profile.transfer_ms(network, split_point, batch_size * sent_share)
        start_ns = max(self.history.now_ns, self.link_free_ns)
        transfer_ms = self.on_link_ms(transfer_ms, start_ns, self.runs[-1][1], request)
        self.link_free_ns = start_ns + self._alone_ns(transfer_ms, request, "transfer")
        return self.link_free_ns

    def on_link_ms(self, transfer_ms: float, start_ns: int, *draw: object) -> float:
        """How long a transfer takes that begins at a time; `draw` names it."""
        if not self.faults:
            return transfer_ms
        return self.faults.transfer_ms(
            transfer_ms, self.profile.link.base_ms, start_ns, self.seed, *draw
        )

    def _active_w(self) -> float:
        return self.profile.edge.power_w(True, self.true_mhz, self.mode) * self._factors.power

    def _work_until(self, end_ns: int) -> None:
        self._draw(end_ns, self._active_w)


@dataclass
class CloudBoard(Board):
    """The cloud node: idle, or running a tail on its GPU or its CPU."""

    @property
    def resting_w(self) -> float:
        """Idle power."""
        return self.profile.cloud.power_w(False, False)

    @property
    def busy_w(self) -> float:
        """As a tail on the CPU."""
        return self.profile.cloud.power_w(True, False) * self._factors.power

    @property
    def loop_ns(self) -> float:
        """As an edge board's at 3 GHz."""
        return LOOP_NS_GHZ / 3

    def decode(
        self,
        network: str,
        split_point: int,
        request: int,
        arrives_ns: int,
        codec: str,
        batch_size: int = 1,
    ) -> int:
        """Decode a tensor that arrives at some time, on the CPU; returns how long it took."""
        self.rest_until(arrives_ns)
        cost_ms = self.profile.decode_ms(network, split_point, codec) * batch_size
        if cost_ms <= 0:
            return 0
        takes_ns = self._takes_ns(cost_ms, request, "decode")
        active_w = self.profile.cloud.power_w(True, False) * self._factors.power
        self._draw(self.history.now_ns + takes_ns, lambda: active_w)
        return takes_ns

    def tail(
        self,
        network: str,
        split_point: int,
        gpu: bool,
        request: int,
        arrives_ns: int,
        batch_size: int = 1,
    ) -> tuple[int, int]:
        """Run a tail for a batch that arrives at some time; its start and end.

        Raises:
            BoardError: a GPU is asked of a board without one.
        """
        if gpu and not self.profile.cloud.gpu:
            raise BoardError(f"a GPU asked of {self.profile.cloud.name}, which has none")
        self.rest_until(arrives_ns)
        start_ns = self.history.now_ns
        cloud_ms = self.profile.cloud_ms(network, split_point, gpu, batch_size)
        end_ns = start_ns + self._takes_ns(cloud_ms, request, "tail")
        tail_w = self.profile.tail_w(network, split_point, gpu, batch_size)
        active_w = tail_w * self._factors.power
        self._draw(end_ns, lambda: active_w)
        return start_ns, end_ns
