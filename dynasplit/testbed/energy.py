"""From the traces of a window to energies per inference: of hosts, and of channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dynasplit.accounting import DEFAULT, Accounting, build
from dynasplit.accounting.base import Drawn, Role
from dynasplit.core.errors import MeasurementError
from dynasplit.testbed import window_times
from dynasplit.testbed.channels import HostTraces
from hosts.wire.messages import Inference, RunReport


@dataclass(frozen=True, slots=True)
class EnergyRules:
    """Samples that a window needs, and the accounting of energy.

    Attributes:
        min_samples: readings of each counted channel at least.
        max_gap_periods: the largest gap allowed in a trace, in meter periods.
        baseline_s: how long the idle baseline is measured.
        baseline_every: after so many measurements another one comes; None: one before all.
        accounting: for how much idle power a request pays.
        stated_idle_w: idle power of hosts, for recorded runs that have none.
        one_machine: both hosts are this one machine, whose meters see them together.
    """

    min_samples: int = 20
    max_gap_periods: float = 3.0
    baseline_s: float = 60.0
    baseline_every: int | None = None
    accounting: Accounting = field(default_factory=lambda: build(DEFAULT))
    stated_idle_w: Mapping[Role, float] = field(default_factory=dict)
    one_machine: bool = False

    def least_window_s(self, period_s: float) -> float:
        """The least length of a window that surely holds the samples; period 0: no meter."""
        return (self.min_samples + 1) * period_s

    def energies_j(self, traces: HostTraces) -> dict[str, float]:
        """Each channel's energy over a window that holds enough samples, without gaps."""
        return traces.energies_j(min_samples=self.min_samples, max_gap_periods=self.max_gap_periods)


class Energies(NamedTuple):
    """Energies per inference by the accounting `occupied`, by a measurement's fields."""

    energy_j: float | None
    edge_energy_j: float | None
    cloud_energy_j: float | None
    edge_samples: int | None
    cloud_samples: int | None
    channels: dict[str, float]


def energies_of(
    report: RunReport,
    edge: HostTraces,
    cloud: HostTraces,
    cloud_idle_w: float | None,
    rules: EnergyRules,
) -> Energies:
    """The energies of a window, by the accounting `occupied`; others are views of it.

    Args:
        report: its inferences.
        edge: traces around the window on the edge's clock.
        cloud: around that on the cloud's; without traces where no tail ran.
        cloud_idle_w: the cloud's idle baseline; None: not measured.
        rules: how to count.

    Raises:
        WindowInvalid: a counted channel has too few samples, or a gap.
    """
    count = len(window_times.counted(report))
    edge_window_j = rules.energies_j(edge)
    edge_j = edge.total({name: j / count for name, j in edge_window_j.items()})
    channels = {f"edge_{name}_j": j / count for name, j in edge_window_j.items()}
    cloud_j, samples = (0.0 if cloud.counted else None), None  # by definition: no tail ran
    at_ns = window_times.cloud_window_ns(report)
    if at_ns is not None:
        cloud_window_j = rules.energies_j(cloud)
        channels |= {f"cloud_{name}_j": j / count for name, j in cloud_window_j.items()}
        total_j, samples = cloud.total(cloud_window_j), cloud.samples
        busy_s = busy_of(report).cloud_s
        if busy_s <= 0:
            raise MeasurementError("tails without duration: the cloud did not timestamp them")
        length_s = (at_ns[1] - at_ns[0]) / 1e9 / count
        cloud_j = None
        if total_j is not None:
            cloud_j = Drawn(total_j / count, length_s, cloud_idle_w).paid_j(busy_s)
    if rules.one_machine:  # nobody can tell whose part was what
        return Energies(edge_j, None, cloud_j, edge.samples, samples, channels)
    total = None if edge_j is None or cloud_j is None else edge_j + cloud_j
    return Energies(total, edge_j, cloud_j, edge.samples, samples, channels)


class Busy(NamedTuple):
    """For how long the hosts compute for an inference, on average."""

    edge_s: float
    cloud_s: float


def busy_of(report: RunReport) -> Busy:
    """Head and encoding, decoding and tail, of the window's inferences."""
    inside = window_times.counted(report)
    images = len(inside) * report.batch_size * 1e9
    return Busy(
        sum((i.encoded_ns or i.head_ns) - i.start_ns for i in inside) / images,
        sum(_busy_ns(i) for i in inside) / images,
    )


def _busy_ns(inference: Inference) -> int:
    """The tail's time, and that of decoding its tensor."""
    start_ns, end_ns = inference.decode_start_ns, inference.decode_end_ns
    decode_ns = 0 if start_ns is None or end_ns is None else end_ns - start_ns
    return window_times.tail_ns(inference) + decode_ns
