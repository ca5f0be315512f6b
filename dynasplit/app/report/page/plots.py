"""The page's interactive drawings as plain data, which the script in it gives to plotly.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.app.report.page.chart import Chart, Point

_HERE = Path(__file__).parent
LIBRARY = "plotly-basic.min.js"
"""The part of plotly.js 4.1.1 (MIT) that has points, lines and bars."""
_OWN = "report.js"
KINDS: Mapping[str, tuple[str, str]] = {
    "dominated": ("#8f9aa4", "circle"),
    "cloud-only": ("#0072B2", "square"),
    "split": ("#E69F00", "circle"),
    "edge-only": ("#009E73", "triangle-up"),
}
_MARKERS = ("circle", "square", "triangle-up", "diamond", "x", "cross", "star")


def scatter(chart: Chart, colours: Mapping[str, str], *, with_diagonal: bool) -> dict[str, Any]:
    """Points on two logarithmic axes, those of a kind together.

    Args:
        chart: the same drawing, as it stands in the page where no script runs.
        colours: of kinds that are policies, by `p-<policy>`.
        with_diagonal: draw where both axes show the same.
    """
    looks = dict(KINDS)
    looks |= {k: (c, _MARKERS[i % len(_MARKERS)]) for i, (k, c) in enumerate(colours.items())}
    kinds: dict[str, list[Point]] = {}
    for point in chart.points:
        kinds.setdefault(point.kind, []).append(point)
    diagonal = [max(chart.x.low, chart.y.low), min(chart.x.high, chart.y.high)]
    return {
        "x_words": chart.x_words,
        "y_words": chart.y_words,
        "diagonal": diagonal if with_diagonal and diagonal[0] < diagonal[1] else None,
        "traces": [
            {
                "kind": kind,
                "colour": looks[kind][0],
                "marker": looks[kind][1],
                "x": [_short(p.x) for p in points],
                "y": [_short(p.y) for p in points],
                "words": [p.words for p in points],
            }
            for kind, points in kinds.items()
        ],
    }


def bars(summary: Mapping[str, Any], colours: Mapping[str, str]) -> dict[str, Any]:
    """Mean energies by policy under each accounting that is known; empty: none is."""
    known = {name: one for name, one in summary["by_accounting"].items() if one.get("policies")}
    found = {}
    for name, one in known.items():
        means = {p: block["energy_j_mean"] for p, block in one["policies"].items()}
        if all(mean is not None for mean in means.values()):
            spans = {p: _span(summary, p) for p in means} if one["label"] == _own(summary) else {}
            found[name] = {
                "label": one["label"],
                "policies": list(means),
                "mean_j": list(means.values()),
                "low_j": [spans.get(p, (mean, mean))[0] for p, mean in means.items()],
                "high_j": [spans.get(p, (mean, mean))[1] for p, mean in means.items()],
            }
    return {"accountings": found, "colours": dict(colours)} if found else {}


def as_json(plots: Mapping[str, Any]) -> str:
    """The data as JSON that may stand in a script element."""
    text = msgspec.json.encode(plots).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def scripts() -> Sequence[str]:
    """The library and the page's own script.

    Raises:
        OSError: one cannot be read.
    """
    return [(_HERE / name).read_text(encoding="utf-8") for name in (LIBRARY, _OWN)]


def _own(summary: Mapping[str, Any]) -> str:
    return str(summary["accounting"])


def _span(summary: Mapping[str, Any], policy: str) -> tuple[float, float]:
    """A policy's 95 % interval of its mean energy over requests; its mean where it has none."""
    block = summary["policies"][policy]
    low, high = block["confidence_95"]["energy_j_mean"] or [block["energy_j"]["mean"]] * 2
    return low, high


def _short(value: float) -> float:
    return float(f"{value:.6g}")
