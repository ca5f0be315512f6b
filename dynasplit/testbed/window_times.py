"""From a window's inferences to its times: stages, rates, and where the window lies."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hosts.wire.messages import Inference, RunReport


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
    cloud = [tail_ns(i) / 1e6 for i in inferences]
    total = [(i.end_ns - i.start_ns) / 1e6 for i in inferences]
    transfer = [
        t - e - c if i.tail_start_ns is not None else 0.0
        for i, t, e, c in zip(inferences, total, edge, cloud, strict=True)
    ]
    twice = total * 2 if len(total) == 1 else total  # quartiles want two
    q25, median, q75 = statistics.quantiles(twice, n=4, method="inclusive")
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


def busy_span_ns(inference: Inference, role: str) -> tuple[int, int] | None:
    """When a host computed for an inference: its head (edge), or decoding and its tail (cloud).

    None: it had no tail.
    """
    if role == "edge":
        return inference.start_ns, inference.encoded_ns or inference.head_ns
    if inference.tail_start_ns is None or inference.tail_end_ns is None:
        return None
    return inference.decode_start_ns or inference.tail_start_ns, inference.tail_end_ns


def busy_spans_ns(report: RunReport, role: str) -> npt.NDArray[np.int64]:
    """When a host computed in a whole run (n, 2), in order; a batch's inferences are one."""
    batches = report.inferences[:: report.batch_size]
    found = [span for one in batches if (span := busy_span_ns(one, role)) is not None]
    spans_ns = np.array(found, dtype=np.int64).reshape(len(found), 2)
    # decoding may begin before a tail ends
    return np.maximum.accumulate(spans_ns.ravel()).reshape(spans_ns.shape)


def tail_ns(inference: Inference) -> int:
    """The duration of an inference's tail; 0: it had none."""
    if inference.tail_start_ns is None or inference.tail_end_ns is None:
        return 0
    return inference.tail_end_ns - inference.tail_start_ns
