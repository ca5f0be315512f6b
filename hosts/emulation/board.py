"""The emulated boards: duration and power of work, in board time.

One state per board: its settings, its time and its power decide how long a head or tail takes,
what the meter reads and what sysfs says. Nothing here looks at the wall's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hosts.core.errors import BoardError
from hosts.emulation.clock import NS_PER_S, PowerHistory, to_ns
from hosts.emulation.noise import RunFactors, request_factor, run_factors
from hosts.emulation.profile import Profile

QUIET = RunFactors(1.0, 1.0)
_LOOP_NS_GHZ = 60.0
"""One iteration at 1 GHz, as an interpreter takes for one; made up, since only ratios count."""


@dataclass
class Board:
    """The state that both boards share: time, power, and the current run.

    Attributes:
        profile: the physical model.
        seed: of all noise.
        history: board time and power.
        runs: (start in board time, name) of every run begun, ascending.
    """

    profile: Profile
    seed: int
    history: PowerHistory = field(default_factory=PowerHistory)
    runs: list[tuple[int, str]] = field(default_factory=lambda: [(0, "start")])
    _factors: RunFactors = QUIET

    @property
    def resting_w(self) -> float:
        """Power while the board has nothing to compute."""
        raise NotImplementedError

    @property
    def busy_w(self) -> float:
        """Power while the board's CPUs compute something that is no network."""
        raise NotImplementedError

    @property
    def loop_ns(self) -> float:
        """Time of one iteration of a loop of pure computing."""
        raise NotImplementedError

    def compute(self, run: str, iterations: int) -> tuple[int, int]:
        """Go through a loop in a run of its own; returns its start and end in board time."""
        self.begin(run)
        start_ns = self.history.now_ns
        takes_ns = self._takes_ns(iterations * self.loop_ns / 1e6, 0, "loop")
        self.history.spend(start_ns + takes_ns, self.busy_w)
        return start_ns, self.history.now_ns

    def load(self, run: str, turns_ns: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Rest and load all CPUs, in turns of (rest, load); returns each load's start and end."""
        self.begin(run)
        spans = []
        for rest_ns, load_ns in turns_ns:
            self.rest_until(self.history.now_ns + rest_ns)
            start_ns = self.history.now_ns
            if load_ns > 0:
                self.history.spend(start_ns + load_ns, self.busy_w)
                spans.append((start_ns, start_ns + load_ns))
        return spans

    def rest_until(self, until_ns: int) -> None:
        """Let board time pass without work."""
        self.history.spend(until_ns, self.resting_w)

    def reconfigure(self, costs_ms: dict[str, float], knob: str) -> None:
        """Let pass what setting a knob takes."""
        self.rest_until(self.history.now_ns + to_ns(costs_ms.get(knob, 0.0)))

    def begin(self, run: str, start_ns: int | None = None, *, noisy: bool = True) -> int:
        """Begin a run at a whole second of board time; its noise depends on its name alone.

        Args:
            run: names configuration, repeat and request.
            start_ns: when, if another board has begun it already.
            noisy: False for an idle window, which has no work to vary.
        """
        if run == self.runs[-1][1]:
            return self.runs[-1][0]
        if start_ns is None:
            start_ns = -(-self.history.now_ns // NS_PER_S) * NS_PER_S
        self._factors = QUIET
        self.rest_until(start_ns)
        self.runs.append((start_ns, run))
        if noisy:
            self._factors = run_factors(self.profile.noise, self.seed, run)
        return start_ns

    def _takes_ns(self, milliseconds: float, request: int, stage: str) -> int:
        run = self.runs[-1][1]
        factor = request_factor(self.profile.noise, self.seed, run, request, stage)
        return to_ns(milliseconds * self._factors.latency * factor)


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

    def __post_init__(self) -> None:
        self.cpu_mhz = self.cpu_mhz or self.profile.edge.start.cpu_mhz
        self.switch_port(len(self.profile.edge.accelerator_modes) > 1)

    @property
    def true_mhz(self) -> float:
        """The frequency at which it computes: that of its files, unless it lies."""
        return self.profile.edge.lying_mhz or self.cpu_mhz

    @property
    def resting_w(self) -> float:
        """Power while waiting: depends on frequency and accelerator."""
        return self.profile.edge.power_w(False, self.true_mhz, self.mode) * self._factors.power

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
        return _LOOP_NS_GHZ * 1000 / self.true_mhz

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

    def begin(self, run: str, start_ns: int | None = None, *, noisy: bool = True) -> int:
        """As any board; the link is then free."""
        begun_ns = super().begin(run, start_ns, noisy=noisy)
        self.link_free_ns = begun_ns
        return begun_ns

    def head(
        self, network: str, split_point: int, request: int, batch_size: int = 1
    ) -> tuple[int, int]:
        """Run a head on a batch, image by image; returns its start and end in board time."""
        start_ns = self.history.now_ns
        edge_ms = self.profile.edge_ms(network, split_point, self.true_mhz, self.mode) * batch_size
        self._work_until(start_ns + self._takes_ns(edge_ms, request, "head"))
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
        self.link_free_ns = start_ns + self._takes_ns(transfer_ms, request, "transfer")
        return self.link_free_ns

    def _work_until(self, end_ns: int) -> None:
        active_w = self.profile.edge.power_w(True, self.true_mhz, self.mode) * self._factors.power
        self.history.spend(end_ns, active_w)


@dataclass
class CloudBoard(Board):
    """The cloud node: idle, or running a tail on its GPU or its CPU."""

    @property
    def resting_w(self) -> float:
        """Idle power."""
        return self.profile.cloud.idle_w

    @property
    def busy_w(self) -> float:
        """As a tail on the CPU."""
        return self.profile.cloud.power_w(True, False) * self._factors.power

    @property
    def loop_ns(self) -> float:
        """As an edge board's at 3 GHz."""
        return _LOOP_NS_GHZ / 3

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
        self.history.spend(self.history.now_ns + takes_ns, active_w)
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
        """Run a tail for a batch that arrives at some time, image by image; its start and end.

        Raises:
            BoardError: a GPU is asked of a board without one.
        """
        if gpu and not self.profile.cloud.gpu:
            raise BoardError(f"a GPU asked of {self.profile.cloud.name}, which has none")
        self.rest_until(arrives_ns)
        start_ns = self.history.now_ns
        cloud_ms = self.profile.cloud_ms(network, split_point, gpu) * batch_size
        end_ns = start_ns + self._takes_ns(cloud_ms, request, "tail")
        active_w = self.profile.cloud.power_w(True, gpu) * self._factors.power
        self.history.spend(end_ns, active_w)
        return start_ns, end_ns
