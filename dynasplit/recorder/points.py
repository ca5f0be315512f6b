"""Runs, requests and summaries as named figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynasplit.core.measurement import Measurement, Summary
from dynasplit.core.served_request import ServedRequest

Point = tuple[str, float, int]
"""Name with its unit, value, step."""

_NAMES = (
    *("latency_ms", "energy_j", "accuracy", "fidelity", "edge_ms", "transfer_ms", "cloud_ms"),
    *("accuracy_top5", "output_mae"),
    *("edge_energy_j", "cloud_energy_j", "tensor_kb", "inferences", "window_s", "testbed_time_s"),
)


def of_configuration(summary: Summary, runs: Sequence[Measurement]) -> Iterator[Point]:
    """Medians over the runs, and each run as a step of a series `runs/...`."""
    for name in ("latency_ms", "energy_j", "accuracy", "fidelity"):
        value = getattr(summary, name)
        if value is not None:
            yield name, float(value), 0
    for step, run in enumerate(runs):
        for name in _NAMES:
            value = getattr(run, name)
            if value is not None:
                yield f"runs/{name}", float(value), step
        families = ("channel", run.channels), ("condition", run.conditions), ("gate", run.gates)
        for prefix, family in families:
            for name, value in family.items():
                yield f"runs/{prefix}_{name}", value, step


def of_requests(served: Sequence[ServedRequest]) -> Iterator[Point]:
    """Each request as a step of series `requests/...`."""
    for one in served:
        yield "requests/threshold_ms", one.threshold_ms, one.request
        yield "requests/latency_ms", one.measurement.latency_ms, one.request
        if one.measurement.energy_j is not None:
            yield "requests/energy_j", one.measurement.energy_j, one.request
        for name, value in one.measurement.conditions.items():
            yield f"requests/condition_{name}", value, one.request
        yield "requests/met", float(one.met), one.request


def of_summary(figures: Mapping[str, Any]) -> tuple[list[Point], dict[str, str]]:
    """Numbers as figures, words as tags; what is None or no number is left out of the former."""
    numbers: list[Point] = []
    words: dict[str, str] = {}
    for name, value in flattened(figures, "/"):
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers.append((name, float(value), 0))
        elif value is not None:
            words[name] = str(value)
    return numbers, words


def flattened(nested: Mapping[str, Any], joint: str) -> Iterator[tuple[str, Any]]:
    """Leaves with the names on the way to them; lists are leaves."""
    for name, value in nested.items():
        if isinstance(value, Mapping):
            for rest, leaf in flattened(value, joint):
                yield f"{name}{joint}{rest}", leaf
        else:
            yield str(name), value
