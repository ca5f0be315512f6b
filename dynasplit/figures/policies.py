"""Figures of the policies: energy, latency, violations and chosen kinds of split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dynasplit.figures import style
from dynasplit.figures.series import KINDS, Floats, Origin, PolicySeries

_OWN = "dynasplit"
_MOST_DOTS = 300
_WIDTH_IN, _HEIGHT_IN = style.PAGE_IN, 3.8


def draw_energy(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path | None:
    """Each policy's energy for one inference as a box with its median; None: not measured."""
    if any(np.isnan(s.energy_j).all() for s in series):
        return None
    with style.figure(path, _WIDTH_IN, _HEIGHT_IN) as figure:
        axes = figure.add_subplot()
        _boxes(axes, {s.name: s.energy_j[~np.isnan(s.energy_j)] for s in series}, "J")
        cloud = next((s for s in series if s.name == "cloud_only"), None)
        told = [f"{s.name}\n{s.energy_words(cloud)}".strip() for s in series]
        axes.set_xticks(range(len(series)), told, fontsize=8)
        axes.set_ylabel("energy of one inference (J)")
        style.head(figure, f"{origin.network}: energy by policy", origin.source, origin.remarks)
    return path


def draw_latency(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path:
    """Each policy's latency as a box with its median, beside the thresholds asked for."""
    with style.figure(path, _WIDTH_IN, _HEIGHT_IN) as figure:
        axes = figure.add_subplot()
        asked = {"thresholds\nasked for": series[0].threshold_ms}
        _boxes(axes, asked | {s.name: s.latency_ms for s in series}, "ms")
        axes.set_ylabel("latency of one inference (ms)")
        style.head(
            figure,
            f"{origin.network}: latency by policy, and what was asked for",
            origin.source,
            origin.remarks,
        )
    return path


def draw_violations(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path:
    """The share of requests whose threshold was missed, and by how much."""
    with style.figure(path, _WIDTH_IN, _HEIGHT_IN) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        _missed(left, series)
        _exceedances(right, series)
        style.head(
            figure, f"{origin.network}: missed thresholds by policy", origin.source, origin.remarks
        )
    return path


def draw_choices(path: Path, series: Sequence[PolicySeries], origin: Origin) -> Path:
    """Stacked bars of the kinds of split that served each policy's requests."""
    with style.figure(path, _WIDTH_IN, 0.42 * len(series) + 1.4) as figure:
        axes = figure.add_subplot()
        places, left = np.arange(len(series)), np.zeros(len(series))
        for kind in KINDS:
            shares = np.array([s.kind_pct(kind) for s in series])
            look: dict[str, Any] = {"color": style.KIND_COLOURS[kind], "label": kind}
            look |= {"hatch": style.KIND_HATCHES[kind], "edgecolor": "white", "linewidth": 0}
            bars = axes.barh(places, shares, left=left, **look)
            texts = [f"{share:.0f} %" if share >= 6 else "" for share in shares]
            told = axes.bar_label(bars, texts, label_type="center", fontsize=8, color=style.INK)
            for text in told:
                if text.get_text():
                    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.2})
            left += shares
        axes.set_yticks(places, [s.name for s in series])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the requests (%)")
        axes.grid(visible=False, axis="y")
        figure.legend(loc="outside right center")
        style.head(
            figure,
            f"{origin.network}: which kind of split each policy chose",
            origin.source,
            origin.remarks,
        )
    return path


def _boxes(axes: Axes, values: dict[str, Floats], unit: str) -> None:
    """Boxes of quartiles with whiskers to the 5th and 95th percentile, medians in numbers."""
    axes.set_yscale("log")
    axes.set_ylim(*style.log_limits(np.concatenate(list(values.values())).tolist()))
    for place, (name, numbers) in enumerate(values.items()):
        _dots(axes, place, numbers, style.ACCENT if name == _OWN else style.PLAIN)
        _box(axes, place, numbers)
        median = float(np.median(numbers))
        axes.annotate(
            f"{style.plain(median)} {unit}",
            (place + 0.21, median),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    style.number_log_axes(axes)
    axes.set_xticks(range(len(values)), list(values))
    axes.set_xlim(-0.5, len(values) - 0.25)
    axes.set_xlabel(
        "line: median, diamond: mean, box: quartiles, whiskers: 5 % and 95 %", fontsize=8
    )
    axes.grid(visible=False, axis="x")


def _box(axes: Axes, place: float, numbers: Floats) -> None:
    thin = {"color": style.INK, "linewidth": 0.9}
    axes.boxplot(
        [numbers],
        positions=[place],
        widths=0.42,
        whis=(5, 95),
        showfliers=False,
        showmeans=True,
        boxprops=thin,
        whiskerprops=thin,
        capprops=thin,
        medianprops={"color": style.INK, "linewidth": 2},
        meanprops={"marker": "D", "markersize": 4.5, "markerfacecolor": "white"}
        | {"markeredgecolor": style.INK, "zorder": 4},
        manage_ticks=False,
    )


def _dots(axes: Axes, place: int, numbers: Floats, colour: str) -> None:
    """Single requests, evenly spread sideways; of many, every so manieth."""
    some = numbers[:: max(1, -(-len(numbers) // _MOST_DOTS))]
    sideways = place + 0.36 * (np.arange(len(some)) * 0.618034 % 1 - 0.5)
    axes.scatter(sideways, some, s=8, color=colour, alpha=0.45, linewidths=0)


def _missed(axes: Axes, series: Sequence[PolicySeries]) -> None:
    places = np.arange(len(series))
    missed = np.array([s.violated_pct(infeasible=False) for s in series])
    never = np.array([s.violated_pct(infeasible=True) for s in series])
    colours = [style.ACCENT if s.name == _OWN else style.PLAIN for s in series]
    axes.barh(places, missed, color=colours)
    axes.barh(places, never, left=missed, color="white", edgecolor=style.INK, hatch="////")
    for place, share in zip(places, missed + never, strict=True):
        axes.annotate(
            f"{share:.3g} %",
            (share, place - 0.2),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    spans = np.array([s.missed_interval_pct for s in series])
    axes.hlines(places, spans[:, 0], spans[:, 1], color=style.INK, linewidth=1)
    axes.set_yticks(places, [s.name for s in series])
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.0, 1.05 * float(spans.max()), 1.2 * float((missed + never).max())))
    axes.set_xlabel(
        "requests whose threshold was missed (%)\nhatched: no known configuration meets it\n"
        f"line: 95 % interval, N = {len(series[0].latency_ms):,}"
    )
    axes.grid(visible=False, axis="y")


def _exceedances(axes: Axes, series: Sequence[PolicySeries]) -> None:
    axes.set_xscale("log")
    over_ms = np.concatenate([s.exceedance_ms for s in series])
    axes.set_xlim(*style.log_limits(over_ms.tolist(), margin=0.12))
    for place, one in enumerate(series):
        over = one.exceedance_ms
        if not len(over):
            axes.annotate(
                "none missed",
                (0.02, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
            )
            continue
        some = over[:: max(1, -(-len(over) // _MOST_DOTS))]
        sideways = place + 0.4 * (np.arange(len(some)) * 0.618034 % 1 - 0.5)
        colour = style.ACCENT if one.name == _OWN else style.PLAIN
        axes.scatter(some, sideways, s=10, color=colour, alpha=0.6, linewidths=0)
        median = float(np.median(over))
        axes.plot([median, median], [place - 0.3, place + 0.3], color=style.INK, linewidth=1.5)
        axes.annotate(
            f"{style.plain(median)} ms",
            (median, place - 0.3),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axes.set_xlabel("by how much it was missed (ms)\nline: median")
    style.number_log_axes(axes, most=6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
