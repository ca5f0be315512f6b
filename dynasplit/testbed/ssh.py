"""The testbed of two hosts over SSH: sets knobs, runs windows, reads meters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from dynasplit.core.errors import DynaSplitError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import Attribution
from dynasplit.core.space import Configuration
from dynasplit.testbed import host_facts, window_times
from dynasplit.testbed.around import Around, Samples, placed
from dynasplit.testbed.baseline import Baselines
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.clocks import offsets_now, spans
from dynasplit.testbed.controls import STREAM, Controls
from dynasplit.testbed.cool_down import CoolDown
from dynasplit.testbed.energy import EnergyRules, energies_of
from dynasplit.testbed.host_pair import HostPair
from dynasplit.testbed.judging import GateRules, WindowTooShort, judge
from dynasplit.testbed.lab import Host
from dynasplit.testbed.measured import FinishedRun, measurement_of
from dynasplit.testbed.pieces import Asked, FiguresOf
from dynasplit.testbed.quality import Qualities, codec_of
from dynasplit.testbed.reported import check_judged
from dynasplit.testbed.requests import request_rules, served_inference
from dynasplit.testbed.stretch import Stretch, Tell
from dynasplit.testbed.trace_files import keep_traces
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.wire import messages
from hosts.wire.window_rules import WindowRules

_IDLE_PERIODS = 3.0
_LAGS = 3.0  # of a meter's delay and averaging: an exponential average is then within 5 %


@dataclass
class SshTestbed(HostPair):
    """Measures on two hosts.

    Attributes:
        last_split_point: the network's last one.
        rules: what a window must hold. energy: how energy is counted.
        qualities: accuracies, measured once for each kind of head.
        traces: where the traces of each window are kept; None: nowhere.
        gates: what windows and baselines must pass. folder: keeps baselines; None: none does.
        upkeep: what is done between measurements.
        facts: what the hosts say of themselves.
    """

    last_split_point: int
    rules: WindowRules
    energy: EnergyRules
    qualities: Qualities
    traces: Path | None
    gates: GateRules = field(default_factory=GateRules)
    folder: Path | None = None
    upkeep: UpkeepRules = field(default_factory=UpkeepRules)
    _served_with: Configuration | None = None
    _longer_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.baselines = Baselines(self.energy, self.gates, self.folder)
        self.keep_up(self.upkeep)
        self._around = Around((self.edge, self.cloud), self.rules, self.baselines)
        self._stretch = Stretch((self.edge, self.cloud), self.energy)

    def keep_up(self, upkeep: UpkeepRules) -> None:
        """From now on, do this between measurements."""
        self.upkeep = upkeep
        self.controls = Controls(upkeep, self.gates, self.folder)
        self._cool_down = CoolDown(upkeep, self.folder)

    @property
    def remarks(self) -> list[str]:
        """What to know of the hosts as they were found."""
        return [*host_facts.restored_words(self._hosts), *self.baselines.findings.words]

    def measure_baseline(self) -> None:
        """Measure what the hosts draw while they do nothing."""
        self._stretch.interrupt()
        for host in self._hosts:
            self.baselines.measure(host, lambda: self._board_ns, self._carry)

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
            KnobRefused: a setting was refused. KnobNotHeld: it did not last through the run.
            WindowInvalid: too few samples, a gap, or a gate that another window may pass.
            TestbedError: a host failed, or a gate that ends the run. MeasurementError: what a host
                reports cannot be.
        """
        if self.baselines.is_due():
            self.measure_baseline()
        if self.controls.is_due() and (control := self.upkeep.control) is not None:
            self.controls.measure(lambda n: self._once(control, n, f"{control}|{n}|{STREAM}|"))
        name = f"{configuration}|{repeat}|{stream}|{'' if request is None else request}"
        return self._once(configuration, repeat, name)

    def infer(
        self, configuration: Configuration, *, request: int, stream: str = "", payload: int = 0
    ) -> Measurement:
        """Serve a request: one inference, after what is needed to switch."""
        started = time.monotonic(), self._board_ns
        is_switched, self._served_with = self._served_with != configuration, None
        if is_switched:
            knobs = self.edge.address.knobs
            self._set(self.edge, {k: v for k, v in configuration.knobs if k in knobs})
        self._set_cloud(configuration)
        set_s = self._since_s(*started)
        order = self._order(
            configuration,
            f"{configuration}|0|{stream}|{request}",
            images=(payload % len(self.qualities.references),),
            window=request_rules(is_switched),
            lead_out_s=0.0,
            is_request=True,
        )
        report, _ = self._ordered(order)
        self._served_with = configuration
        found = served_inference(
            *(configuration, report, self.source),
            set_s=set_s,
            spent_s=self._since_s(*started),
            flags=host_facts.faults_of_hosts(self._hosts),
        )
        asked = Asked(request, stream, configuration)
        idle_w = self.baselines.idles_in(report.noted.state)
        floor_w = {role: mean_w for role, (mean_w, _) in self.baselines.idles.items()}
        self._stretch.add(asked, report, (found.switch_ms or 0.0) / 1000, idle_w, floor_w)
        return found

    def attribute(self, figures_of: FiguresOf, tell: Tell, *, at_end: bool) -> list[Attribution]:
        """Divide what was drawn while requests were served, as far as that is known by now."""
        if at_end:
            try:
                self._idle_on()
            except DynaSplitError as error:
                tell(f"After the last request boards did not idle: {error}")
        divided = self._stretch.divide(figures_of, tell, at_end=at_end)
        return [Attribution(p.asked.request, p.asked.stream, found) for p, found in divided]

    def rest(self, for_s: float) -> None:
        """Wait, in board time where there is any; meters that did not start have a further chance.

        Raises:
            TestbedError: a board does not answer.
        """
        boards = [host for host in self._hosts if host.is_emulated]
        for board in boards:
            self._idle(board, "rest", for_s)
        if not boards:
            time.sleep(for_s)
        for host in self._hosts:
            host.meters.allow_start()

    def _idle_on(self) -> None:
        """Let boards, whose time stands still otherwise, idle until their meters tell the last."""
        for host in (h for h in self._hosts if h.is_emulated and h.meters.counted):
            self._idle(host, "end", _IDLE_PERIODS * self._period_s)

    def _idle(self, host: Host, run: str, for_s: float) -> None:
        order = messages.IdleOrder(run=run, duration_s=for_s, board_ns=self._board_ns)
        self._carry(host.agent.call("Idle", order, messages.Idled, 60.0))

    def _once(self, configuration: Configuration, repeat: int, name: str) -> Measurement:
        """One window, which `name` names."""
        started_s, started_ns = time.monotonic(), self._board_ns
        cooled = self._cool_down.wait(self._hosts, lambda: self._board_ns, self._carry)
        for host in self._hosts:
            host.meters.make_ready()
        clocks = offsets_now(self._hosts)
        report, samples = self._run(configuration, name)
        compared = spans(clocks, offsets_now(self._hosts))
        edge = self.edge.meters.traces(*window_times.edge_window_ns(report))
        at_ns, meters = window_times.cloud_window_ns(report), self.cloud.meters
        cloud = meters.traces(*at_ns) if at_ns else HostTraces({}, meters.counted, 0.0)
        traces = {"edge": edge, "cloud": cloud}
        if self.traces is not None:
            keep_traces(self.traces, name, traces, placed(report, samples))
        spent_s = self._since_s(started_s, started_ns)
        if self.upkeep.baseline_states:
            self._know_idle(report.noted.state)
        since = self._around.since(report)
        energies = energies_of(report, edge, cloud, self.baselines.idle_w("cloud"), self.energy)
        window = self._around.window(name, configuration, report, traces, since, energies, samples)
        window = replace(window, clocks={**window.clocks, **compared}, cooled=cooled)
        try:
            found = judge(self.gates, window)
        except WindowTooShort:
            self._longer_s[name] = 2 * max(host.length_s for host in traces.values())
            raise
        self._longer_s.pop(name, None)
        self._around.passed(window)
        judged = self._judge(configuration, begin=False)
        check_judged(judged, len(self.qualities.references))
        quality = self.qualities.of(configuration, window.inferences, judged)
        finished = FinishedRun(configuration, repeat, window, found, quality, spent_s)
        upkept = (self.baselines.findings, self.controls.findings)
        faults = host_facts.faults_of_hosts(self._hosts)
        return measurement_of(finished, self.baselines, upkept, self.source, faults)

    def _know_idle(self, edge_state: str) -> None:
        """Count with idle power in the states that the hosts are in; measure it if need be.

        A GPU's context is opened by the first tail on it and stays, so it is asked afterwards.
        """
        for host, state in ((self.edge, edge_state), (self.cloud, self._cloud_state)):
            if not self.baselines.enter(host.role, state):
                self.baselines.measure(host, lambda: self._board_ns, self._carry)

    def _run(self, configuration: Configuration, name: str) -> tuple[messages.RunReport, Samples]:
        self._served_with = None  # a request that follows is served after other inferences
        self._stretch.interrupt()
        self._set_cloud(configuration)
        settling_s = self._settling_s
        order = self._order(
            configuration,
            name,
            images=tuple(range(len(self.qualities.references))),
            window=self._rules_of(configuration, name),
            lead_out_s=max(self.edge.meters.lead_out_s, self.cloud.meters.lead_out_s, settling_s),
        )
        return self._ordered(order)

    def _rules_of(self, configuration: Configuration, name: str) -> WindowRules:
        """The window's rules, with room for the meters' samples and for all images needed."""
        rules, needed = self.rules, self.qualities.images_needed(configuration)
        return msgspec.structs.replace(
            rules,
            min_inferences=max(rules.min_inferences, needed),
            min_window_s=max(
                rules.min_window_s,
                self.energy.least_window_s(self._period_s),
                self._longer_s.get(name, 0.0),
            ),
            warmup_s=max(rules.warmup_s, self._settling_s),
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

    @property
    def _settling_s(self) -> float:
        """Until the readings of the meters that count are of one state alone."""
        both = (self.edge.meters, self.cloud.meters)
        return max(max(_LAGS * meters.lag_s, meters.lead_in_s) for meters in both)
