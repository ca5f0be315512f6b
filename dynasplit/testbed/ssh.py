"""The testbed of two hosts over SSH: sets knobs, runs windows, reads meters."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement, Source
from dynasplit.core.power_trace import Trace
from dynasplit.core.space import Configuration, KnobValue
from dynasplit.testbed import window
from dynasplit.testbed.lab import Host
from dynasplit.testbed.quality import Qualities, codec_of
from dynasplit.testbed.window import WindowRules
from hosts.wire import messages

RUN_S = 4 * 3600.0
_LATE_S = 20.0
_LEAD_OUT_PERIODS = 2.0


@dataclass
class SshTestbed:
    """Measures on two hosts.

    Attributes:
        edge: the edge host. cloud: the cloud host.
        network: the network's name. last_split_point: its last one.
        rules: what a window must hold.
        qualities: accuracies, measured once for each kind of head.
        traces: where the traces of each window are kept; None: nowhere.
        facts: what the hosts say of themselves.
    """

    edge: Host
    cloud: Host
    network: str
    last_split_point: int
    rules: WindowRules
    qualities: Qualities
    traces: Path | None
    _board_ns: int | None = None
    _cloud_knobs: dict[str, KnobValue] = field(default_factory=dict)
    _edge_idle_w: float | None = None
    _cloud_idle_w: float | None = None

    @property
    def source(self) -> Source:
        """Emulated if either host's board is."""
        facts = (self.edge.agent.started.facts, self.cloud.agent.started.facts)
        return "emulated" if any(f.get("emulated") for f in facts) else "measured"

    @property
    def facts(self) -> dict[str, dict[str, str | int | float | bool | None]]:
        """What each host says of itself, and its meter."""
        told = {}
        for host in (self.edge, self.cloud):
            told[host.role] = dict(host.agent.started.facts)
            told[host.role]["meter"] = host.meter.header.identity if host.meter else None
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
        self._edge_idle_w = self._idle_w(self.edge)
        self._cloud_idle_w = self._idle_w(self.cloud)

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
        """
        started_s, started_ns = time.monotonic(), self._board_ns
        name = f"{configuration}|{repeat}|{stream}|{'' if request is None else request}"
        report = self._run(configuration, name)
        edge_trace = self._trace(self.edge, window.edge_window_ns(report))
        cloud_window = window.cloud_window_ns(report)
        cloud_trace = self._trace(self.cloud, cloud_window) if cloud_window else None
        self._keep(name, edge_trace, cloud_trace)
        spent_s = time.monotonic() - started_s
        if self._board_ns is not None:
            spent_s = (self._board_ns - (started_ns or 0)) / 1e9
        return self._measurement(configuration, repeat, report, edge_trace, cloud_trace, spent_s)

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
            warmup=self.rules.warmup,
            min_inferences=max(
                self.rules.min_inferences, self.qualities.images_needed(configuration)
            ),
            min_window_s=self.rules.least_s(self._period_s),
            lead_out_s=_LEAD_OUT_PERIODS * self._period_s,
            relative_ci=self.rules.relative_ci,
            max_inferences=self.rules.max_inferences,
            mode=self.rules.mode,
            codec=configuration.codec,
            batch_size=configuration.batch_size,
            max_window_s=self.rules.max_window_s,
            board_ns=self._board_ns,
        )
        self._judge(configuration, begin=True)
        report = self.edge.agent.call("Run", order, messages.RunReport, RUN_S)
        self._carry(report)
        return report

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
        return max((h.meter.header.period_s for h in (self.edge, self.cloud) if h.meter), default=0)

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
        if host.meter is None:
            return None
        order = messages.IdleOrder(
            run="baseline", duration_s=self.rules.baseline_s, board_ns=self._board_ns
        )
        idled = host.agent.call("Idle", order, messages.Idled, self.rules.baseline_s + 60)
        self._carry(idled)
        period_ns = round(host.meter.header.period_s * 1e9)
        inside = (idled.start_ns + period_ns, idled.end_ns - period_ns)
        trace = self._trace(host, inside)
        assert trace is not None
        return trace.mean_w(0.0, (inside[1] - inside[0]) / 1e9)

    def _trace(self, host: Host, window_ns: tuple[int, int]) -> Trace | None:
        """A host's trace, its times counted from the window's start."""
        if host.meter is None:
            return None
        return host.meter.trace(*window_ns, zero_ns=window_ns[0], timeout_s=_LATE_S)

    def _measurement(
        self,
        configuration: Configuration,
        repeat: int,
        report: messages.RunReport,
        edge_trace: Trace | None,
        cloud_trace: Trace | None,
        spent_s: float,
    ) -> Measurement:
        inside = window.counted(report)
        stages = window.stages(inside, report.batch_size)
        start_ns, end_ns = window.edge_window_ns(report)
        length_s = (end_ns - start_ns) / 1e9
        edge_j = window.edge_energy_j(edge_trace, report, self.rules) if edge_trace else None
        cloud_j = self._cloud_energy_j(cloud_trace, report)
        total_j = None if edge_j is None or cloud_j is None else edge_j + cloud_j
        if self.rules.one_machine:
            total_j, edge_j = edge_j, None  # nobody can tell whose part was what
        judged = self._judge(configuration, begin=False)
        quality = self.qualities.of(configuration, inside, judged)
        return Measurement(
            configuration=configuration,
            repeat=repeat,
            source=self.source,
            latency_ms=stages.latency_ms,
            latency_spread_ms=stages.spread_ms,
            energy_j=total_j,
            **quality._asdict(),
            edge_ms=stages.edge_ms,
            transfer_ms=stages.transfer_ms,
            cloud_ms=stages.cloud_ms,
            edge_energy_j=edge_j,
            cloud_energy_j=cloud_j,
            edge_idle_w=self._edge_idle_w,
            cloud_idle_w=self._cloud_idle_w,
            tensor_kb=report.tensor_bytes / 1024,
            mode=report.mode,
            throughput_rps=window.throughput_rps(report),
            wire_kb=stages.wire_kb,
            encode_ms=stages.encode_ms,
            decode_ms=stages.decode_ms,
            inferences=len(inside),
            edge_samples=edge_trace.within(0.0, length_s).times_s.size if edge_trace else None,
            cloud_samples=cloud_trace.within(0.0, length_s).times_s.size if cloud_trace else None,
            window_s=length_s,
            testbed_time_s=spent_s,
        )

    def _cloud_energy_j(self, trace: Trace | None, report: messages.RunReport) -> float | None:
        if self.cloud.meter is None:
            return None
        if window.cloud_window_ns(report) is None:
            return 0.0
        if trace is None or self._cloud_idle_w is None:
            return None
        return window.cloud_energy_j(trace, report, self._cloud_idle_w, self.rules)

    def _keep(self, name: str, edge: Trace | None, cloud: Trace | None) -> None:
        """Keep the traces of a window as one small file."""
        if self.traces is None:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns: dict[str, list[object]] = {"host": [], "time_s": [], "power_w": []}
        for role, trace in (("edge", edge), ("cloud", cloud)):
            if trace is not None:
                columns["host"] += [role] * trace.times_s.size
                columns["time_s"] += trace.times_s.tolist()
                columns["power_w"] += trace.watts.tolist()
        file = name.replace("|", "_").replace(" ", "_").rstrip("_")
        pq.write_table(pa.table(columns), self.traces / f"{file}.parquet")
