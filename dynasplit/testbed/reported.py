"""What an agent reports of a run, checked before anything is computed from it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NoReturn

from dynasplit.core.errors import MeasurementError
from hosts.wire.messages import MESSAGE_LIMIT_BYTES, Inference, Judged, RunOrder, RunReport
from hosts.wire.samples import SAMPLED, HostSample

_MOST_NS = 10**14  # of a duration: 100,000 s
_MOST_TIME_NS = 2**63 - 1
_MOST_CLASS = 2**31
_MOST_FIGURE = 1e12  # as in tables of runs


def check_report(report: RunReport, order: RunOrder) -> None:
    """Refuse a report that does not fit its order, or that no run can give.

    Raises:
        MeasurementError: what was found, and what is allowed.
    """
    count, size = len(report.inferences), order.batch_size
    if (report.mode, report.batch_size) != (order.window.mode, size):
        _refuse(
            f"mode {report.mode!r} with batches of {report.batch_size}",
            f"{order.window.mode!r} with {size}, as ordered",
        )
    if not (int(not order.is_request) <= report.first < report.last <= count):
        _refuse(
            f"a window from {report.first} to {report.last} of {count} inferences",
            "one that begins after the first inference, and is not empty",
        )
    if not 0 <= report.tensor_bytes <= MESSAGE_LIMIT_BYTES:
        _refuse(f"a tensor of {report.tensor_bytes} bytes", f"0 to {MESSAGE_LIMIT_BYTES}")
    for place, inference in enumerate(report.inferences):
        _check_inference(place, inference, max(order.images) + 1)
    for place, (before, after) in enumerate(itertools.pairwise(report.inferences), 1):
        if after.start_ns < before.start_ns or after.end_ns < before.end_ns:
            _refuse(f"inference {place} before inference {place - 1}", "times that go on")
        if (after.tail_start_ns is None) != (before.tail_start_ns is None):
            _refuse(f"a tail in only one of inferences {place - 1} and {place}", "in all or none")
    if not order.is_request:
        _check_windows(report)
    check_figures("condition", report.conditions)
    check_samples(report.samples)


def _refuse(found: str, allowed: str) -> NoReturn:
    raise MeasurementError(f"the edge's report of a run: found {found}; allowed: {allowed}")


def _check_inference(place: int, i: Inference, images: int) -> None:
    where = f"inference {place}"
    if not 0 <= i.image < images:
        _refuse(f"{where} of image {i.image}", f"0 to {images - 1}")
    if not 0 <= i.top1 <= _MOST_CLASS:
        _refuse(f"{where} with the class {i.top1}", f"0 to {_MOST_CLASS}")
    if not 0 <= i.sent_bytes <= MESSAGE_LIMIT_BYTES:
        _refuse(f"{where} with {i.sent_bytes} bytes sent", f"0 to {MESSAGE_LIMIT_BYTES}")
    if i.end_ns <= i.start_ns:
        _refuse(f"{where} of {i.end_ns - i.start_ns} ns", "above 0")
    spans = {
        "head": (i.start_ns, i.head_ns),
        "way after its head": (i.head_ns, i.end_ns),
        "encoding": (i.head_ns, i.encoded_ns),
        "decoding": (i.decode_start_ns, i.decode_end_ns),
        "tail": (i.tail_start_ns, i.tail_end_ns),
    }
    for name, (start_ns, end_ns) in spans.items():
        if name in ("tail", "decoding") and (start_ns is None) != (end_ns is None):
            _refuse(f"{where} with half the times of its {name}", "both, or none")
        if start_ns is None or end_ns is None:
            continue
        if max(abs(start_ns), abs(end_ns)) > _MOST_TIME_NS:
            _refuse(f"{where} with a time of its {name} beyond 64 bits", "ns in 64 bits")
        if not 0 <= end_ns - start_ns <= _MOST_NS:
            _refuse(f"{where} with a {name} of {end_ns - start_ns} ns", f"0 to {_MOST_NS}")


def _check_windows(report: RunReport) -> None:
    """Of both hosts' windows, which are divided by, or integrated over."""
    before, last = report.inferences[report.first - 1], report.inferences[report.last - 1]
    ends = {"edge": (before.end_ns, last.end_ns), "cloud": (before.tail_end_ns, last.tail_end_ns)}
    for host, (start_ns, end_ns) in ends.items():
        if start_ns is None or end_ns is None:
            continue
        if not 0 < end_ns - start_ns <= _MOST_NS:
            _refuse(f"a window of {end_ns - start_ns} ns on the {host}", f"above 0, to {_MOST_NS}")


def check_figures(what: str, figures: Mapping[str, float]) -> None:
    """Refuse figures by name that are no numbers, or beyond any range."""
    for name, value in figures.items():
        if not (math.isfinite(value) and abs(value) <= _MOST_FIGURE):
            _refuse(f"the {what} {name!r} of {value:g}", f"up to {_MOST_FIGURE:g}")


def check_samples(samples: Sequence[HostSample]) -> None:
    """Refuse samples of a host that are no numbers, beyond any range, or out of order."""
    for before, sample in zip([*samples[:1], *samples], samples, strict=False):
        if not before.time_ns <= sample.time_ns <= _MOST_TIME_NS or sample.cpus < 1:
            _refuse("samples of a host out of order", "times that go on, of a CPU at least")
        told = {name: getattr(sample, name) for name in SAMPLED}
        check_figures("sample", {n: float(v) for n, v in told.items() if v is not None})


def check_judged(judged: Judged | None, images: int) -> None:
    """Refuse answers on outputs that are of no image, of no class, or without a true difference.

    Raises:
        MeasurementError: what was found, and what is allowed.
    """
    for image, top, mae in judged.answers if judged is not None else ():
        if not 0 <= image < images:
            _refuse(f"an output of image {image}", f"0 to {images - 1}")
        if not all(0 <= found <= _MOST_CLASS for found in top):
            _refuse(f"the classes {list(top)[:5]} of image {image}", f"0 to {_MOST_CLASS}")
        if mae is not None and not (math.isfinite(mae) and mae >= 0):
            _refuse(f"a difference of {mae} of image {image}", "a number from 0 on")
