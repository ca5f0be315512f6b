"""From the traces of a window to energies per inference: of hosts, and of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

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
        cloud: `tail` counts the cloud's energy while tails run; `gross` all that it draws.
        one_machine: both hosts are this one machine, whose meters see them together.
    """

    min_samples: int = 20
    max_gap_periods: float = 3.0
    baseline_s: float = 60.0
    baseline_every: int | None = None
    cloud: str = "tail"
    one_machine: bool = False

    def least_window_s(self, period_s: float) -> float:
        """The least length of a window that surely holds the samples; period 0: no meter."""
        return (self.min_samples + 1) * period_s

    def energies_j(self, traces: HostTraces) -> dict[str, float]:
        """Each channel's energy over a window that holds enough samples, without gaps."""
        return traces.energies_j(min_samples=self.min_samples, max_gap_periods=self.max_gap_periods)


class Energies(NamedTuple):
    """Energies per inference, by the names of a measurement's fields."""

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
    """The energies of a window.

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
    if window_times.cloud_window_ns(report) is not None:
        cloud_window_j = rules.energies_j(cloud)
        channels |= {f"cloud_{name}_j": j / count for name, j in cloud_window_j.items()}
        total_j, samples = cloud.total(cloud_window_j), cloud.samples
        cloud_j = None
        if total_j is not None and cloud_idle_w is not None:
            cloud_j = cloud_energy_j(total_j, report, cloud_idle_w, rules)
    if rules.one_machine:  # nobody can tell whose part was what
        return Energies(edge_j, None, cloud_j, edge.samples, samples, channels)
    total = None if edge_j is None or cloud_j is None else edge_j + cloud_j
    return Energies(total, edge_j, cloud_j, edge.samples, samples, channels)


def cloud_energy_j(window_j: float, report: RunReport, idle_w: float, rules: EnergyRules) -> float:
    """The cloud's energy per inference, of what it drew in its window.

    `tail`: less idle power times the time without a tail (and without decoding). `gross`: all.
    """
    at_ns = window_times.cloud_window_ns(report)
    assert at_ns is not None
    inside = window_times.counted(report)
    tails_s = sum(_busy_ns(i) for i in inside) / report.batch_size / 1e9
    if tails_s <= 0:
        raise MeasurementError("tails without duration: the cloud did not timestamp them")
    length_s = (at_ns[1] - at_ns[0]) / 1e9
    without_j = idle_w * (length_s - tails_s) if rules.cloud == "tail" else 0.0
    return (window_j - without_j) / len(inside)


def _busy_ns(inference: Inference) -> int:
    """The tail's time, and that of decoding its tensor."""
    start_ns, end_ns = inference.decode_start_ns, inference.decode_end_ns
    decode_ns = 0 if start_ns is None or end_ns is None else end_ns - start_ns
    return window_times.tail_ns(inference) + decode_ns
