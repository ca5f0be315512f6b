"""What was around a window, gathered for the gates: readings before it, the window before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dynasplit.core.power_trace import Trace
from dynasplit.core.space import Configuration, KnobValue
from dynasplit.testbed import window_times
from dynasplit.testbed.baseline import Baselines
from dynasplit.testbed.busy_times import BusyTimes, busy_times
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.clocks import span_of_board
from dynasplit.testbed.energy import Energies
from dynasplit.testbed.gates._window import HostWindow, Window
from dynasplit.testbed.lab import Host
from dynasplit.testbed.loop_cycles import LoopCycles, cycles_of
from hosts.wire.messages import RunReport
from hosts.wire.samples import HostSample
from hosts.wire.window_rules import WindowRules

_PAST_PERIODS = 400
"""How long runs are remembered, in periods of the slowest meter."""

Samples = Mapping[str, Sequence[HostSample]]
Since = Mapping[str, Mapping[str, Trace]]


@dataclass
class Around:
    """Gathers windows of two hosts, and remembers the last one.

    Attributes:
        hosts: edge and cloud.
        rules: of windows.
        baselines: readings before the first window begin with them.
        before: the last window that passed the gates; None: there was none.
    """

    hosts: tuple[Host, Host]
    rules: WindowRules
    baselines: Baselines
    before: Window | None = None
    _ended_ns: dict[str, int] = field(default_factory=dict)
    _runs: dict[str, list[BusyTimes]] = field(default_factory=dict)
    _cycles: LoopCycles = field(default_factory=LoopCycles)

    def since(self, report: RunReport) -> Since:
        """Each host's readings from the end of the last window that passed to this one's end."""
        found = {}
        for host in self.hosts:
            if (at_ns := _spans_ns(report)[host.role]) is None:
                continue
            idle = self.baselines.last.get(host.role)
            from_ns = self._ended_ns.get(host.role, idle.began_ns if idle else at_ns[0])
            found[host.role] = host.meters.since(from_ns, *at_ns)
        return found

    def _past(self, host: Host, report: RunReport) -> dict[str, Any]:
        """The last runs of a host, and its meters' readings since their begin."""
        runs = self._runs.setdefault(host.role, [])
        at_ns, this = _spans_ns(report)[host.role], busy_times(report, host.role)
        if at_ns is None or this is None or not host.meters.counted:
            return {}
        least_s = this.end_s - _PAST_PERIODS * host.meters.period_s
        runs[:] = [*(one for one in runs if one.end_s > least_s), this]
        from_ns = round(runs[0].start_s * 1e9)
        zero_s = at_ns[0] / 1e9
        return {
            "history": host.meters.since(from_ns, at_ns[0], round(this.end_s * 1e9)),
            "runs": [one.later(-zero_s) for one in runs],
        }

    def passed(self, window: Window) -> None:
        """The gates were passed: later windows are compared with this one, not with failed ones."""
        self.before = replace(window, before=None)  # gates look one window back
        for role, at_ns in _spans_ns(window.report).items():
            if at_ns is not None:
                self._ended_ns[role] = at_ns[1]

    def window(
        self,
        name: str,
        configuration: Configuration,
        report: RunReport,
        traces: Mapping[str, HostTraces],
        since: Since,
        energies: Energies,
        samples: Samples,
    ) -> Window:
        """A window as gates are shown it.

        Args:
            name: of the run.
            configuration: its own.
            report: its inferences.
            traces: of each host, by role.
            since: likewise, as the method of this name gives it.
            energies: what was computed of it.
            samples: of each host's sampler, likewise.
        """
        cycles = {h.role: cycles_of(samples[h.role], _own(h, configuration)) for h in self.hosts}
        usual = {role: self._cycles.usual(role) for role in cycles}
        for role, found in cycles.items():
            self._cycles.add(role, found)
        nodes = {host.agent.started.facts.get("node") for host in self.hosts}
        return Window(
            name=name,
            report=report,
            hosts={
                host.role: HostWindow(
                    traces=traces[host.role],
                    since=since.get(host.role, {}),
                    headers=host.meters.headers,
                    idle_w=self.baselines.idle_w(host.role),
                    samples=samples[host.role],
                    span_ns=_spans_ns(report)[host.role],
                    knobs=_own(host, configuration),
                    cycles=cycles[host.role],
                    usual_cycles=usual[host.role],
                    **self._past(host, report),
                )
                for host in self.hosts
            },
            energies=energies,
            conditions=report.conditions,
            rules=self.rules,
            before=self.before,
            one_machine=len(nodes) == 1 and not self.hosts[0].is_emulated,
            clocks=span_of_board(report),
        )


def _own(host: Host, configuration: Configuration) -> dict[str, KnobValue]:
    """The knobs that a host sets."""
    return {k: v for k, v in configuration.knobs if k in host.address.knobs}


def placed(report: RunReport, samples: Samples) -> dict[str, tuple[int, Sequence[HostSample]]]:
    """Each host's samples, and the window's start on its clock; a host without a window is none."""
    spans_ns = _spans_ns(report)
    return {role: (at[0], samples[role]) for role, at in spans_ns.items() if at is not None}


def _spans_ns(report: RunReport) -> dict[str, tuple[int, int] | None]:
    return {
        "edge": window_times.edge_window_ns(report),
        "cloud": window_times.cloud_window_ns(report),
    }
