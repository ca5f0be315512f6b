"""Idle baselines: what the hosts draw while they do nothing, before, during and after a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dynasplit.accounting.base import ROLES, Role
from dynasplit.run.lines import append_line
from dynasplit.testbed.clock_offset import ClockOffset
from dynasplit.testbed.clocks import offsets_now, span
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.gates._window import ClockSpan, IdleWindow
from dynasplit.testbed.judging import Findings, GateRules, judge_idle
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.uncertain import Idle, idle_u_w
from hosts.wire import messages
from hosts.wire.samples import busy_pct

if TYPE_CHECKING:
    from dynasplit.testbed.lab import Host

FILE = "baselines.jsonl"
Carry = Callable[[messages.Message], None]


@dataclass(frozen=True)
class Baseline:
    """Idle power of a host.

    Attributes:
        mean_w: of its counted channels together. channels_w: of each channel.
        began_ns: on the host's clock.
        findings: what the gates found of it.
        uncertain_w: standard uncertainty of the mean, by the spread of its readings.
    """

    mean_w: float
    channels_w: Mapping[str, float]
    began_ns: int
    findings: Findings
    uncertain_w: float = 0.0


@dataclass
class Baselines:
    """Measures baselines, and keeps each.

    Attributes:
        rules: how long, and how often. gates: what they must pass.
        folder: each is kept as a line of a file in it; None: nowhere.
        last: of each host that has a meter, by role: the last one in the state that it is in.
    """

    rules: EnergyRules
    gates: GateRules
    folder: Path | None = None
    last: dict[str, Baseline] = field(default_factory=dict)
    _of_state: dict[tuple[str, str], Baseline] = field(default_factory=dict)
    _measurements: int = 0

    def is_due(self) -> bool:
        """Asked before each measurement: True if another baseline has to come before it."""
        every = self.rules.baseline_every
        if every is not None and self._measurements >= every:
            return True
        self._measurements += 1
        return False

    def enter(self, role: str, state: str) -> bool:
        """A host idles in this state from now on; False: its idle power there is not known yet."""
        known = self._of_state.get((role, state))
        if known is not None:
            self.last[role] = known
        return known is not None or role not in self.last

    def idle_w(self, role: str) -> float | None:
        """Idle power of a host; None: not measured."""
        return self.last[role].mean_w if role in self.last else None

    @property
    def idles(self) -> dict[Role, Idle]:
        """Idle power of hosts, where it was measured, with its standard uncertainty."""
        return {r: (b.mean_w, b.uncertain_w) for r in ROLES if (b := self.last.get(r)) is not None}

    def idle_in(self, role: str, state: str) -> float | None:
        """Idle power of a host in a state; None: not measured in it."""
        found = self._of_state.get((role, state))
        return None if found is None else found.mean_w

    def idles_in(self, edge_state: str) -> dict[Role, float | None]:
        """Idle power of both hosts, the edge in a state; None: not measured in it."""
        return {"edge": self.idle_in("edge", edge_state), "cloud": self.idle_w("cloud")}

    @property
    def channels_w(self) -> dict[str, float]:
        """Of each channel, as `edge_wall_idle_w`."""
        return {
            f"{role}_{name}_idle_w": watts
            for role, baseline in self.last.items()
            for name, watts in baseline.channels_w.items()
        }

    @property
    def findings(self) -> Findings:
        """What the gates found of both hosts' last ones: the greater of their numbers."""
        figures: dict[str, float] = {}
        found = [baseline.findings for baseline in self.last.values()]
        for name, value in (pair for one in found for pair in one.figures.items()):
            figures[name] = max(value, figures.get(name, value))
        flags = dict.fromkeys(flag for one in found for flag in one.flags)
        return Findings(figures, tuple(flags), tuple(w for one in found for w in one.words))

    def measure(self, host: Host, board_ns: Callable[[], int | None], carry: Carry) -> None:
        """Measure a host's, again after errors that are transient; nothing without a meter.

        Args:
            host: the one.
            board_ns: tells board time.
            carry: takes over the host's.

        Raises:
            WindowInvalid, GateFailed: a gate was not passed whose action says so.
        """
        self._measurements = 0
        if host.meters.counted:
            RetryPolicy().measure(lambda: self._once(host, board_ns(), carry))

    def _once(self, host: Host, board_ns: int | None, carry: Carry) -> None:
        """One idle window, its first and last reading left out."""
        host.meters.make_ready()
        _load_pct(host)  # counted from one look to the next
        duration_s, before = self.rules.baseline_s, offsets_now([host])
        order = messages.IdleOrder(run="baseline", duration_s=duration_s, board_ns=board_ns)
        idled = host.agent.call("Idle", order, messages.Idled, duration_s + 60)
        carry(idled)
        load_pct = _load_pct(host)
        clock = _clock(host, before, idled, duration_s)
        period_ns = round(host.meters.period_s * 1e9)
        traces = host.meters.traces(idled.start_ns + period_ns, idled.end_ns - period_ns)
        means_w = traces.means_w()
        mean_w = traces.total(means_w)
        assert mean_w is not None
        state = idled.noted.state
        known = self._of_state.get((host.role, state))
        before_w = None if known is None else known.mean_w
        idle = IdleWindow(host.role, traces, mean_w, load_pct, before_w, clock)
        found = judge_idle(self.gates, idle)
        baseline = Baseline(mean_w, means_w, idled.start_ns, found, idle_u_w(traces))
        self.last[host.role] = self._of_state[host.role, state] = baseline
        self._keep(host.role, state)

    def _keep(self, role: str, state: str) -> None:
        if self.folder is None:
            return
        one = self.last[role]
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "host": role,
            **({"state": state} if state else {}),
            "idle_w": one.mean_w,
            "channels_w": one.channels_w,
            "gates": one.findings.figures,
            "doubtful": one.findings.words,
        }
        append_line(self.folder / FILE, msgspec.json.encode(line))


def _clock(
    host: Host, before: Mapping[str, ClockOffset], idled: messages.Idled, duration_s: float
) -> ClockSpan:
    """The idle time on the host's clock and on the controller's; a board idles as it was told."""
    if host.role in before:
        return span(before[host.role], offsets_now([host])[host.role])
    return ClockSpan((idled.end_ns - idled.start_ns) / 1e9, duration_s)


def _load_pct(host: Host) -> float | None:
    """The load since the last look, where the host tells it; of a board, what others take."""
    order = messages.ConditionsOrder()
    answer = host.agent.call("Conditions", order, messages.Conditions, 60.0)
    told = answer.values.get(f"{host.role}_load_pct")
    return busy_pct(answer.samples) if told is None and host.is_emulated else told
