"""What a gate is shown: a window with what was around it, or an idle window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynasplit.core.power_trace import Trace
    from dynasplit.testbed.busy_times import BusyTimes
    from dynasplit.testbed.channels import HostTraces
    from dynasplit.testbed.energy import Energies
    from hosts.wire.messages import Inference, RunReport
    from hosts.wire.readings import MeterHeader
    from hosts.wire.samples import HostSample
    from hosts.wire.window_rules import WindowRules


@dataclass(frozen=True)
class ClockSpan:
    """The same time on two clocks.

    Attributes:
        host_s: on the host's.
        reference_s: on the controller's; of an emulated board, board time.
        uncertain_s: of their difference.
    """

    host_s: float
    reference_s: float
    uncertain_s: float = 0.0


@dataclass(frozen=True)
class Cooled:
    """How hosts cooled down before a window.

    Attributes:
        waited_s: how long it was waited for both together. limit_s: longest.
        words: of hosts that are still too hot; empty: none is.
    """

    waited_s: float
    limit_s: float
    words: str = ""


@dataclass(frozen=True)
class HostWindow:
    """One host's part of a window; times count from the window's start on this host.

    Attributes:
        traces: its channels around the window; none where no tail ran.
        since: each channel's readings from the end of the window before (for the first one, of
            the idle baseline) to the end of this one.
        headers: of the meter of each channel.
        idle_w: its idle baseline; None: not measured.
        samples: what the host's sampler saw from before the warm-up to after the lead-out.
        span_ns: the window on the host's clock, which is that of the samples; None: it had none.
        knobs: of the configuration, those of this host.
        cycles: of one iteration of a loop of pure computing; None: not known. usual_cycles: the
            median of the windows before.
        history: each channel's readings of the last runs, this one included, and of some time
            before. runs: when the host computed in each of them.
    """

    traces: HostTraces
    since: Mapping[str, Trace] = field(default_factory=dict)
    headers: Mapping[str, MeterHeader] = field(default_factory=dict)
    idle_w: float | None = None
    samples: Sequence[HostSample] = ()
    span_ns: tuple[int, int] | None = None
    knobs: Mapping[str, object] = field(default_factory=dict)
    cycles: float | None = None
    usual_cycles: float | None = None
    history: Mapping[str, Trace] = field(default_factory=dict)
    runs: Sequence[BusyTimes] = ()

    def inside(self, channel: str) -> list[float]:
        """A channel's readings in the window, in W."""
        found: list[float] = (
            self.traces.traces[channel].within(0.0, self.traces.length_s).watts.tolist()
        )
        return found

    @property
    def sampled(self) -> Sequence[HostSample]:
        """The samples of the window, with the last one before it and the first one after it."""
        if self.span_ns is None:
            return ()
        start_ns, end_ns = self.span_ns
        inside = [i for i, one in enumerate(self.samples) if start_ns <= one.time_ns <= end_ns]
        before = [i for i, one in enumerate(self.samples) if one.time_ns < start_ns]
        first = inside[0] - 1 if inside else len(before) - 1
        last = inside[-1] + 1 if inside else len(before)
        return self.samples[max(0, first) : last + 1]

    def counted(self) -> Iterator[str]:
        """The channels that count, and were read."""
        return (name for name in self.traces.counted if name in self.traces.traces)


@dataclass(frozen=True)
class Window:
    """A measured window.

    Attributes:
        name: of the run: configuration, repeat, request.
        report: all inferences, of warm-up and lead-out too.
        hosts: edge and cloud.
        energies: what was computed of it.
        conditions: observed with it.
        rules: which it was measured by.
        before: the window before it in this start; None: it is the first.
        one_machine: both hosts are the same machine.
        clocks: of each host whose clock was compared, by role: the run on both clocks.
        cooled: how hosts cooled down before it; None: their temperature was not looked at.
    """

    name: str
    report: RunReport
    hosts: Mapping[str, HostWindow]
    energies: Energies
    conditions: Mapping[str, float]
    rules: WindowRules
    before: Window | None = None
    one_machine: bool = False
    clocks: Mapping[str, ClockSpan] = field(default_factory=dict)
    cooled: Cooled | None = None

    @property
    def inferences(self) -> Sequence[Inference]:
        """Those that count."""
        return self.report.inferences[self.report.first : self.report.last]

    @property
    def latencies_ms(self) -> list[float]:
        """Of each that counts; those of a batch have the same times, and are one."""
        batches = self.inferences[:: self.report.batch_size]
        return [(i.end_ns - i.start_ns) / 1e6 for i in batches]

    def channels(self) -> Iterator[tuple[str, HostWindow, str]]:
        """Each channel that counts: `edge wall` in words, its host, its name."""
        for role, host in self.hosts.items():
            for name in host.counted():
                yield f"{role} {name}", host, name


@dataclass(frozen=True)
class IdleWindow:
    """A host that was left alone for a while.

    Attributes:
        role: edge or cloud.
        traces: of its channels over the time.
        mean_w: mean power of the counted channels.
        load_pct: busy share of its CPUs meanwhile; None: not known.
        before_w: what the baseline before it was; None: it is the first.
        clock: the time on both clocks; None: they were not compared.
    """

    role: str
    traces: HostTraces
    mean_w: float
    load_pct: float | None = None
    before_w: float | None = None
    clock: ClockSpan | None = None


@dataclass(frozen=True)
class ControlRuns:
    """The control configuration's figures by name (`latency_ms`, `edge_wall_j`).

    Attributes:
        configuration: in words.
        first: medians of its first runs. now: of its last ones.
    """

    configuration: str
    first: Mapping[str, float]
    now: Mapping[str, float]
