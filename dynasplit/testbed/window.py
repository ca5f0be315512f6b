"""From a window's inferences and traces to the figures of one measurement."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from dynasplit.core.errors import MeasurementError
from dynasplit.core.power_trace import Trace
from hosts.wire.messages import Inference, RunReport


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What a window must hold before it counts.

    Attributes:
        mode: `latency` (one batch at a time) or `throughput` (pipelined).
        min_inferences: inferences at least. min_samples: meter samples at least.
        warmup: inferences before it, not counted.
        max_gap_periods: the largest gap allowed in a trace, in meter periods.
        baseline_s: how long the idle baseline is measured.
        cloud: `tail` counts the cloud's energy while tails run; `gross` all that it draws.
        relative_ci: a window goes on until half the 95 % confidence interval of its mean latency
            is at most this share of it; None: it does not.
        max_inferences: the most inferences that a window takes for that.
        min_window_s: a window is at least so long, with or without a meter.
        max_window_s: how long a window goes on for relative_ci; None: however long.
        one_machine: both hosts are this one machine, whose one meter sees them together.
    """

    mode: str = "latency"
    min_inferences: int = 10
    min_samples: int = 20
    warmup: int = 5
    max_gap_periods: float = 3.0
    baseline_s: float = 60.0
    cloud: str = "tail"
    relative_ci: float | None = None
    max_inferences: int = 1000
    min_window_s: float = 0.5
    max_window_s: float | None = None
    one_machine: bool = False

    def least_s(self, period_s: float) -> float:
        """The least length of a window that surely holds the samples; period 0: no meter."""
        return max(self.min_window_s, (self.min_samples + 1) * period_s)


@dataclass(frozen=True, slots=True)
class Stages:
    """Medians over a window's inferences, in ms, and the interquartile range of the latency.

    Encoding and decoding are within the transfer; None where nothing is sent. `wire_kb` is an
    image's tensor on the wire.
    """

    latency_ms: float
    spread_ms: float
    edge_ms: float
    transfer_ms: float
    cloud_ms: float
    encode_ms: float | None = None
    decode_ms: float | None = None
    wire_kb: float | None = None


def counted(report: RunReport) -> list[Inference]:
    """The inferences of the window, without warm-up and lead-out."""
    return report.inferences[report.first : report.last]


def stages(inferences: Sequence[Inference], batch_size: int = 1) -> Stages:
    """Each inference timed by itself; transfer is what the round trip leaves beside the tail.

    It holds encoding, the link, waiting (in throughput mode), decoding, and the way back.
    """
    edge = [(i.head_ns - i.start_ns) / 1e6 for i in inferences]
    cloud = [_tail_ns(i) / 1e6 for i in inferences]
    total = [(i.end_ns - i.start_ns) / 1e6 for i in inferences]
    transfer = [
        t - e - c if i.tail_start_ns is not None else 0.0
        for i, t, e, c in zip(inferences, total, edge, cloud, strict=True)
    ]
    q25, median, q75 = statistics.quantiles(total, n=4, method="inclusive")
    return Stages(
        latency_ms=median,
        spread_ms=q75 - q25,
        edge_ms=statistics.median(edge),
        transfer_ms=statistics.median(transfer),
        cloud_ms=statistics.median(cloud),
        encode_ms=_median([_ms(i.head_ns, i.encoded_ns) for i in inferences]),
        decode_ms=_median([_ms(i.decode_start_ns, i.decode_end_ns) for i in inferences]),
        wire_kb=statistics.median(i.sent_bytes for i in inferences) / batch_size / 1024,
    )


def _ms(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e6


def _median(values: Sequence[float | None]) -> float | None:
    present = [v for v in values if v is not None]
    return statistics.median(present) if present else None


def edge_window_ns(report: RunReport) -> tuple[int, int]:
    """The window on the edge's clock.

    In throughput mode it begins with the result before its first, as inferences overlap: so many
    results came in it as it counts.
    """
    inside = counted(report)
    if report.mode == "throughput":
        return report.inferences[report.first - 1].end_ns, inside[-1].end_ns
    return inside[0].start_ns, inside[-1].end_ns


def throughput_rps(report: RunReport) -> float:
    """Inferences per second over the window."""
    start_ns, end_ns = edge_window_ns(report)
    return len(counted(report)) / ((end_ns - start_ns) / 1e9)


def cloud_window_ns(report: RunReport) -> tuple[int, int] | None:
    """The window on the cloud's clock, from the end of one tail to the end of another.

    None at the last split point, where there are no tails.
    """
    before, last = report.inferences[report.first - 1], report.inferences[report.last - 1]
    if before.tail_end_ns is None or last.tail_end_ns is None:
        return None
    return before.tail_end_ns, last.tail_end_ns


def edge_energy_j(trace: Trace, report: RunReport, rules: WindowRules) -> float:
    """All that the edge draws in the window, per inference (trace times start at the window)."""
    start_ns, end_ns = edge_window_ns(report)
    window_j = trace.energy_j(
        0.0,
        (end_ns - start_ns) / 1e9,
        min_samples=rules.min_samples,
        max_gap_periods=rules.max_gap_periods,
    )
    return window_j / len(counted(report))


def cloud_energy_j(trace: Trace, report: RunReport, idle_w: float, rules: WindowRules) -> float:
    """The cloud's energy per inference (trace times start at the cloud's window).

    `tail`: the window's integral less idle power times the time without a tail (and without
    decoding). `gross`: the whole integral.
    """
    window = cloud_window_ns(report)
    if window is None:
        return 0.0  # by definition: no tail ran
    length_s = (window[1] - window[0]) / 1e9
    window_j = trace.energy_j(
        0.0,
        length_s,
        min_samples=rules.min_samples,
        max_gap_periods=rules.max_gap_periods,
    )
    inside = counted(report)
    tails_s = sum(_busy_ns(i) for i in inside) / report.batch_size / 1e9
    if tails_s <= 0:
        raise MeasurementError("tails without duration: the cloud did not timestamp them")
    without_j = idle_w * (length_s - tails_s) if rules.cloud == "tail" else 0.0
    return (window_j - without_j) / len(inside)


def _tail_ns(inference: Inference) -> int:
    if inference.tail_start_ns is None or inference.tail_end_ns is None:
        return 0
    return inference.tail_end_ns - inference.tail_start_ns


def _busy_ns(inference: Inference) -> int:
    """The tail's time, and that of decoding its tensor."""
    start_ns, end_ns = inference.decode_start_ns, inference.decode_end_ns
    decode_ns = 0 if start_ns is None or end_ns is None else end_ns - start_ns
    return _tail_ns(inference) + decode_ns
