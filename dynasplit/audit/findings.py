"""Findings of an audit: the doubtful rows, with check and severity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["low", "medium", "high"]

CHECKS = {
    "frequency": "the head's time fits another CPU frequency than the one that was set",
    "edge": "the head's time is far from a / f + b of its split point and accelerator mode",
    "transfer": "the transfer's time is far from what the link takes for the tensor's size",
    "cloud": "the tail's time is far from that of the other runs of its split point",
    "sum": "the parts do not add up to the latency, or to the energy",
    "energy": "the energy does not fit the times, at the power that the other runs draw",
    "quality": "the accuracy differs from that of the same head and tail in other runs",
    "single_run": "on the front with one run only: a lucky one may have brought it there",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubtful figure.

    Attributes:
        index: the data row, from 0.
        check: its name, one of `CHECKS`.
        expected: what the other runs let one expect, in the column's unit.
        found: what the row says.
        severity: by how much it moves the row's latency (or energy): low below 5 %, high above
            20 %.
        column: which figure.
    """

    index: int
    check: str
    expected: float
    found: float
    severity: Severity
    column: str


def severity_of(deviation: float, whole: float) -> Severity:
    """The severity of a deviation, by its share of the whole it is part of."""
    share = abs(deviation) / whole
    return "low" if share < 0.05 else "medium" if share < 0.2 else "high"
