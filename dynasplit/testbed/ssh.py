"""The testbed of two hosts over SSH: sets knobs, runs windows, reads meters."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from dynasplit.core.errors import ConfigurationError, LinkLost
from dynasplit.core.measurement import FAULT_FLAG, Measurement, Source
from dynasplit.core.space import Configuration, KnobValue
from dynasplit.testbed import window_times
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.energy import Energies, EnergyRules, energies_of
from dynasplit.testbed.lab import Host
from dynasplit.testbed.quality import Qualities, codec_of
from dynasplit.testbed.reported import check_figures, check_judged, check_report
from dynasplit.testbed.retry import RetryPolicy
from dynasplit.testbed.trace_files import keep_traces
from hosts.conditions.base import conditions_of_run
from hosts.wire import messages
from hosts.wire.window_rules import WindowRules

_LEAD_OUT_PERIODS = 2.0


@dataclass
class SshTestbed:
    """Measures on two hosts.

    Attributes:
        edge: the edge host. cloud: the cloud host.
        network: the network's name. last_split_point: its last one.
        rules: what a window must hold. energy: how energy is counted.
        qualities: accuracies, measured once for each kind of head.
        traces: where the traces of each window are kept; None: nowhere.
        facts: what the hosts say of themselves.
    """

    edge: Host
    cloud: Host
    network: str
    last_split_point: int
    rules: WindowRules
    energy: EnergyRules
    qualities: Qualities
    traces: Path | None
    _board_ns: int | None = None
    _cloud_observes: bool | None = None
    _cloud_knobs: dict[str, KnobValue] = field(default_factory=dict)
    _edge_idle_w: float | None = None
    _cloud_idle_w: float | None = None
    _idle_channels_w: dict[str, float] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """Emulated if either host's board is."""
        facts = (self.edge.agent.started.facts, self.cloud.agent.started.facts)
        return "emulated" if any(f.get("emulated") for f in facts) else "measured"

    @property
    def _faults(self) -> tuple[str, ...]:
        """The faults that emulated hosts were given, as each measurement's flags."""
        facts = (self.edge.agent.started.facts, self.cloud.agent.started.facts)
        words = "; ".join(str(f["faults"]) for f in facts if f.get("faults"))
        names = [one.split()[0] for one in words.split("; ") if one]
        return tuple(dict.fromkeys(f"{FAULT_FLAG}{name}" for name in names))

    @property
    def remarks(self) -> list[str]:
        """What to know of the hosts as they were found."""
        found = [host for host in (self.edge, self.cloud) if host.agent.started.restored]
        return [
            f"{host.role} host: an earlier run had left knobs changed; they were put back first"
            for host in found
        ]

    @property
    def facts(self) -> dict[str, dict[str, str | int | float | bool | None]]:
        """Facts that each host states about itself and its meters."""
        told = {}
        for host in (self.edge, self.cloud):
            told[host.role] = dict(host.agent.started.facts)
            told[host.role]["meter"] = host.meters.identity
        return told

    def check_offered(self, values: dict[str, Iterable[KnobValue]]) -> None:
        """Refuse knob values of a space that the hosts do not offer, before any run.

        Raises:
            ConfigurationError: a knob or value is not offered.
        """
        offered: dict[str, tuple[KnobValue, ...]] = {}
        for host in (self.edge, self.cloud):
            answer = self._set(host, {})
            offered |= answer.allowed
        for name, wanted in values.items():
            if name not in offered:
                raise ConfigurationError(
                    f"knob {name} is in the space; the hosts have: {', '.join(offered) or 'none'}"
                )
            strange = [v for v in wanted if v not in offered[name]]
            if strange:
                raise ConfigurationError(
                    f"{name}: {strange} asked for; the hosts offer {list(offered[name])}"
                )

    def measure_baseline(self) -> None:
        """Measure what the hosts draw while they do nothing."""
        again = RetryPolicy()
        self._edge_idle_w = again.measure(lambda: self._idle_w(self.edge))
        self._cloud_idle_w = again.measure(lambda: self._idle_w(self.cloud))

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """Set the knobs, run one window of inferences, and read the meters.

        Raises:
            KnobRefused: a setting was refused, or did not last through the run.
            WindowInvalid: too few samples, or a gap. TestbedError: a host failed.
            MeasurementError: what a host reports cannot be.
        """
        started_s, started_ns = time.monotonic(), self._board_ns
        name = f"{configuration}|{repeat}|{stream}|{'' if request is None else request}"
        for host in (self.edge, self.cloud):
            host.meters.make_ready()
        report = self._run(configuration, name)
        edge = self.edge.meters.traces(*window_times.edge_window_ns(report))
        at_ns, meters = window_times.cloud_window_ns(report), self.cloud.meters
        cloud = meters.traces(*at_ns) if at_ns else HostTraces({}, meters.counted, 0.0)
        if self.traces is not None:
            keep_traces(self.traces, name, {"edge": edge, "cloud": cloud})
        spent_s = time.monotonic() - started_s
        if self._board_ns is not None:
            spent_s = (self._board_ns - (started_ns or 0)) / 1e9
        energies = energies_of(report, edge, cloud, self._cloud_idle_w, self.energy)
        return self._measurement(configuration, repeat, report, energies, spent_s)

    def _run(self, configuration: Configuration, name: str) -> messages.RunReport:
        knobs = dict(configuration.knobs)
        cloud = {k: v for k, v in knobs.items() if k in self.cloud.address.knobs}
        if cloud != self._cloud_knobs:
            self._set(self.cloud, cloud)
            self._cloud_knobs = cloud
        self.edge.hold_compiled(configuration.split_point, configuration.edge_accelerator)
        images = len(self.qualities.references)
        order = messages.RunOrder(
            run=name,
            network=self.network,
            split_point=configuration.split_point,
            edge_accelerator=configuration.edge_accelerator,
            cloud_gpu=configuration.cloud_gpu,
            knobs={k: v for k, v in knobs.items() if k in self.edge.address.knobs},
            images=tuple(range(images)),
            window=self._rules_of(configuration),
            lead_out_s=_LEAD_OUT_PERIODS * self._period_s,
            codec=configuration.codec,
            batch_size=configuration.batch_size,
            board_ns=self._board_ns,
        )
        self._judge(configuration, begin=True)
        within_s = order.window.longest_s(order.batch_size)
        try:
            report = self.edge.agent.call("Run", order, messages.RunReport, within_s)
        except LinkLost:
            self.cloud.agent.check_lives()  # a link to who is no more does not come back
            raise
        self._carry(report)
        check_report(report, order)
        report.conditions |= self._cloud_conditions() | conditions_of_run(report)
        check_figures("condition", report.conditions)
        return report

    def _cloud_conditions(self) -> dict[str, float]:
        """The cloud's conditions; it is not asked where it knew none before the first window."""
        if self._cloud_observes is False:
            return {}
        order = messages.ConditionsOrder(board_ns=self._board_ns)
        observed = self.cloud.agent.call("Conditions", order, messages.Conditions, 60.0)
        self._cloud_observes = bool(observed.values)
        return observed.values

    def _rules_of(self, configuration: Configuration) -> WindowRules:
        """The window's rules, with room for the meters' samples and for all images needed."""
        rules, needed = self.rules, self.qualities.images_needed(configuration)
        return msgspec.structs.replace(
            rules,
            min_inferences=max(rules.min_inferences, needed),
            min_window_s=max(rules.min_window_s, self.energy.least_window_s(self._period_s)),
        )

    def _judge(self, configuration: Configuration, *, begin: bool) -> messages.Judged | None:
        """Have outputs judged where the network ends; None: their quality is known."""
        if self.qualities.is_known(configuration):
            return None
        k = configuration.split_point
        host = self.edge if k == self.last_split_point else self.cloud
        order = messages.JudgeOrder(split_point=k, codec=codec_of(configuration), begin=begin)
        return host.agent.call("Judge", order, messages.Judged, 60.0)

    @property
    def _period_s(self) -> float:
        """The slowest of the meters that count."""
        return max(self.edge.meters.period_s, self.cloud.meters.period_s)

    def _carry(self, message: messages.Message) -> None:
        """Board time goes on from the host that has come farthest."""
        if message.board_ns is not None:
            self._board_ns = max(message.board_ns, self._board_ns or 0)

    def _set(self, host: Host, knobs: dict[str, KnobValue]) -> messages.KnobsSet:
        order = messages.KnobsOrder(knobs=knobs, board_ns=self._board_ns)
        answer = host.agent.call("Knobs", order, messages.KnobsSet, 60.0)
        self._carry(answer)
        return answer

    def _idle_w(self, host: Host) -> float | None:
        """Mean power of an idle window, its first and last reading left out."""
        if not host.meters.counted:
            return None
        host.meters.make_ready()
        order = messages.IdleOrder(
            run="baseline", duration_s=self.energy.baseline_s, board_ns=self._board_ns
        )
        idled = host.agent.call("Idle", order, messages.Idled, self.energy.baseline_s + 60)
        self._carry(idled)
        period_ns = round(host.meters.period_s * 1e9)
        traces = host.meters.traces(idled.start_ns + period_ns, idled.end_ns - period_ns)
        means_w = traces.means_w()
        self._idle_channels_w |= {f"{host.role}_{n}_idle_w": w for n, w in means_w.items()}
        return traces.total(means_w)

    def _measurement(
        self,
        configuration: Configuration,
        repeat: int,
        report: messages.RunReport,
        energies: Energies,
        spent_s: float,
    ) -> Measurement:
        inside = window_times.counted(report)
        stages = window_times.stages(inside, report.batch_size)
        start_ns, end_ns = window_times.edge_window_ns(report)
        judged = self._judge(configuration, begin=False)
        check_judged(judged, len(self.qualities.references))
        quality = self.qualities.of(configuration, inside, judged)
        return Measurement(
            configuration=configuration,
            repeat=repeat,
            source=self.source,
            latency_ms=stages.latency_ms,
            latency_spread_ms=stages.spread_ms,
            **quality._asdict(),
            edge_ms=stages.edge_ms,
            transfer_ms=stages.transfer_ms,
            cloud_ms=stages.cloud_ms,
            energy_j=energies.energy_j,
            edge_energy_j=energies.edge_energy_j,
            cloud_energy_j=energies.cloud_energy_j,
            edge_samples=energies.edge_samples,
            cloud_samples=energies.cloud_samples,
            channels=energies.channels | self._idle_channels_w,
            conditions=report.conditions,
            edge_idle_w=self._edge_idle_w,
            cloud_idle_w=self._cloud_idle_w,
            tensor_kb=report.tensor_bytes / 1024,
            mode=report.mode,
            throughput_rps=window_times.throughput_rps(report),
            wire_kb=stages.wire_kb,
            encode_ms=stages.encode_ms,
            decode_ms=stages.decode_ms,
            inferences=len(inside),
            window_s=(end_ns - start_ns) / 1e9,
            testbed_time_s=spent_s,
            flags=self._faults,
        )
