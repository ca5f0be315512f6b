"""Shares of requests: within a latency, within an exceedance, and met, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dynasplit.core.intervals import of_share
from dynasplit.figures import style
from dynasplit.figures.series import Floats, Origin, PolicySeries

_ASKED = "threshold asked for"


def draw_cdfs(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path:
    """The distributions of latency and of exceedance, by policy.

    Of exceedances the line begins at the share that was met: what is above it was missed.
    """
    with style.figure(path, style.PAGE_IN, 2.9) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        _step(left, series[0].threshold_ms, (style.FAINT, "-"), _ASKED)
        for look, one in zip(_looks(len(series)), series, strict=True):
            _step(left, one.latency_ms, look, one.name)
        _exceedances(right, series)
        every = np.concatenate([series[0].threshold_ms, *(s.latency_ms for s in series)])
        left.set_xscale("log")
        left.set_xlim(*style.log_limits(every.tolist()))
        left.set_ylim(0, 101)
        left.set_xlabel("latency of at most (ms)")
        left.set_ylabel("share of requests (%)")
        style.number_log_axes(left, most=6)
        figure.legend(
            *left.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=3 if len(series) > 3 else len(series) + 1,
            fontsize=8,
            handlelength=3,
        )
        title = f"{origin.network}: latencies, and by how much thresholds were missed"
        style.head(figure, title, origin.source, origin.remarks)
    return path


def draw_met(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path:
    """The share of requests that each policy met, with its 95 % interval."""
    with style.figure(path, style.COLUMN_IN, 0.3 * len(series) + 1.3) as figure:
        axes = figure.add_subplot()
        for place, one in enumerate(series):
            count = len(one.latency_ms)
            met = count - len(one.exceedance_ms)
            low, high = (100 * share for share in of_share(met, count))
            colour = style.ACCENT if place == 0 else style.INK
            axes.hlines(place, low, high, color=colour, linewidth=1.6)
            axes.plot(100 * met / count, place, "o", markersize=5, color=colour)
            axes.annotate(
                f"{100 * met / count:.3g} %",
                (1.02, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
            )
        axes.set_yticks(range(len(series)), [s.name for s in series])
        axes.set_ylim(len(series) - 0.5, -0.5)
        least = min(100 * of_share(n - len(s.exceedance_ms), n)[0] for s, n in _counted(series))
        axes.set_xlim(min(90.0, max(0.0, 10 * (least // 10))), 100.5)
        axes.set_xlabel(f"requests met (%), N = {len(series[0].latency_ms):,}; line: 95 % interval")
        axes.grid(visible=False, axis="y")
        style.head(figure, f"{origin.network}: requests met", origin.source, origin.remarks)
    return path


def _counted(series: Sequence[PolicySeries]) -> list[tuple[PolicySeries, int]]:
    return [(one, len(one.latency_ms)) for one in series]


def _exceedances(axes: Axes, series: Sequence[PolicySeries]) -> None:
    over = np.concatenate([s.exceedance_ms for s in series])
    low, high = style.log_limits(over.tolist())
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    for look, one in zip(_looks(len(series)), series, strict=True):
        _step(axes, np.maximum(one.latency_ms - one.threshold_ms, 0.0), look, one.name)
    axes.set_xlabel("threshold exceeded by at most (ms)")
    style.number_log_axes(axes, most=6)
    if not over.size:
        axes.annotate("none missed", (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=8)


def _step(axes: Axes, values: Floats, look: tuple[str, Any], label: str) -> None:
    """An empirical distribution in percent; what is 0 lies left of a logarithmic axis."""
    places = np.sort(values)
    shares = 100 * np.arange(1, len(places) + 1) / len(places)
    colour, dashes = look
    at = np.concatenate([[1e-12], np.maximum(places, 1e-12), [1e12]])
    axes.plot(
        at,
        np.concatenate([[0.0], shares, [100.0]]),
        color=colour,
        linestyle=dashes,
        linewidth=2.2 if label == _ASKED else 1.4,
        drawstyle="steps-post",
        label=label,
    )


def _looks(count: int) -> list[tuple[str, Any]]:
    return [style.LINES[place % len(style.LINES)] for place in range(count)]
