"""What both emulated boards share: time, power and the current run.

One state per board: its settings, its time and its power decide how long a head or tail takes,
what the meter reads and what sysfs says. Nothing here looks at the wall's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hosts.emulation.acting_faults import NO_FAULTS, ActingFaults
from hosts.emulation.clock import NS_PER_S, PowerHistory, to_ns
from hosts.emulation.noise import RunFactors, request_factor, run_factors
from hosts.emulation.profile import Profile
from hosts.wire.samples import HostSample

QUIET = RunFactors(1.0, 1.0)
LOOKED_AT = 200_000
"""Iterations of the loop by which its frequency is felt."""
LOOP_NS_GHZ = 60.0
"""One iteration at 1 GHz, as an interpreter takes for one; made up, since only ratios count."""


@dataclass
class Board:
    """The state that both boards share: time, power, and the current run.

    Attributes:
        profile: the physical model.
        seed: of all noise.
        history: board time and power.
        runs: (start in board time, name) of every run begun, ascending.
        faults: that were asked for.
    """

    profile: Profile
    seed: int
    faults: ActingFaults = NO_FAULTS
    history: PowerHistory = field(default_factory=PowerHistory)
    runs: list[tuple[int, str]] = field(default_factory=lambda: [(0, "start")])
    _factors: RunFactors = QUIET
    _in_baseline: bool = False
    _others_s: float = 0.0

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

    @property
    def told_mhz(self) -> float | None:
        """The frequency that its files tell; None: they tell none."""
        return None

    def look(self) -> HostSample:
        """What its kernel would tell of it; the loop takes no board time."""
        loop_ns, now_ns = self.loop_ns, self.history.now_ns
        if self.faults:
            many = LOOKED_AT
            loop_ns = self.faults.lasts_ns(now_ns, round(loop_ns * many)) / many
        return HostSample(
            time_ns=now_ns, cpu_mhz=self.told_mhz, others_s=self._others_s, loop_ns=loop_ns
        )

    def compute(self, run: str, iterations: int) -> tuple[int, int]:
        """Go through a loop in a run of its own; returns its start and end in board time."""
        self.begin(run)
        start_ns = self.history.now_ns
        takes_ns = self._takes_ns(iterations * self.loop_ns / 1e6, 0, "loop")
        self._draw(start_ns + takes_ns, lambda: self.busy_w)
        return start_ns, self.history.now_ns

    def load(self, run: str, turns_ns: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Rest and load all CPUs, in turns of (rest, load); returns each load's start and end."""
        self.begin(run)
        spans = []
        for rest_ns, load_ns in turns_ns:
            self.rest_until(self.history.now_ns + rest_ns)
            start_ns = self.history.now_ns
            if load_ns > 0:
                self._draw(start_ns + load_ns, lambda: self.busy_w)
                spans.append((start_ns, start_ns + load_ns))
        return spans

    def rest_until(self, until_ns: int) -> None:
        """Let board time pass without work."""
        self._draw(until_ns, lambda: self.resting_w, busy=False)

    def idle(self, run: str, duration_ns: int) -> tuple[int, int]:
        """Rest for an idle window of its own; its start and end."""
        self.begin(run, noisy=False)
        start_ns = self.history.now_ns  # later than begun, where nothing ran since the last one
        self._in_baseline = True
        self.rest_until(start_ns + duration_ns)
        self._in_baseline = False
        return start_ns, self.history.now_ns

    def drawn_j(self, start_ns: int, end_ns: int) -> float:
        """The energy drawn between two times; from now on it rests, as far as is known."""
        now_ns = self.history.now_ns
        known_j = self.history.exact_j(min(start_ns, now_ns), min(end_ns, now_ns))
        return known_j + self.resting_w * max(0, end_ns - max(start_ns, now_ns)) / NS_PER_S

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

    @property
    def _computing_w(self) -> float:
        """What all its CPUs draw beyond resting while they compute."""
        return max(self.busy_w - self.resting_w, 1e-9)

    def _takes_ns(self, milliseconds: float, request: int, stage: str) -> int:
        """How long work takes that begins now."""
        alone_ns = self._alone_ns(milliseconds, request, stage)
        return self.faults.lasts_ns(self.history.now_ns, alone_ns) if self.faults else alone_ns

    def _alone_ns(self, milliseconds: float, request: int, stage: str) -> int:
        run = self.runs[-1][1]
        factor = request_factor(self.profile.noise, self.seed, run, request, stage)
        return to_ns(milliseconds * self._factors.latency * factor)

    def _draw(self, until_ns: int, power_w: Callable[[], float], *, busy: bool = True) -> None:
        """Let board time pass with a power, and with what faults add to it."""
        if not self.faults:
            self.history.spend(until_ns, power_w())
            return
        for start_ns, end_ns in self.faults.steps(self.history.now_ns, until_ns, busy):
            extra_w = self.faults.extra_w(start_ns, self._in_baseline)
            share = self.faults.others_share(start_ns, extra_w / self._computing_w)
            self._others_s += share * (end_ns - start_ns) / NS_PER_S
            self.history.spend(end_ns, power_w() + extra_w)
