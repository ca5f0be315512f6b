"""The figure of a sweep: mean and 95 % interval over seeds, by the swept options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dynasplit.figures import style
from dynasplit.figures.series import Origin

# Okabe and Ito's colours, https://jfly.uni-koeln.de/color/; markers tell them apart in grey
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "os^DvPX"
_PANELS = (
    ("met_pct", "requests met (%)"),
    ("energy_j_mean", "mean energy (J)"),
    ("search_hypervolume", "hypervolume (share)"),
    ("latency_ms_median", "median latency (ms)"),
)
_MOST_PANELS = 3
_PANEL_IN, _ROW_IN, _LEGEND_IN = (3.2, 3.0), 2.3, 0.45
_LONG_LABELS = 34
_HOW = "mean and 95 % interval over the runs; small dots: single runs"
_LACKING = "; crosses: none is finished"

Figures = Mapping[str, tuple[float, tuple[float, float] | None, Sequence[float]]]


@dataclass(frozen=True)
class _Mark:
    """One group in the figure: its place, its series, its column, and its figures."""

    place: str
    series: str
    column: str
    figures: Figures


@dataclass(frozen=True)
class _Layout:
    """How marks are laid out.

    Attributes:
        marks: all of them. panels: names and labels of the figures.
        names: the options of places, series and columns; empty: there is none.
        places: values along the axis, in their order. series, columns: likewise.
    """

    marks: Sequence[_Mark]
    panels: Sequence[tuple[str, str]]
    names: tuple[str, str, str]
    places: Sequence[str]
    series: Sequence[str]
    columns: Sequence[str]

    @property
    def is_grid(self) -> bool:
        """True if figures are rows, so that a third option has columns."""
        return len(self.columns) > 1


def draw(
    path: Path, groups: Sequence[Mapping[str, Any]], origin: Origin, title: str
) -> Path | None:
    """Panels of a sweep's figures: along the option of most values, coloured by the next one.

    A third option has columns of its own, further ones are joined to the second. Where seeds alone
    were swept, it is by policy. None: nothing is known.

    Args:
        path: the file.
        groups: `options`, with the values as they are shown; `head`, the policy that speaks for the
            group; `figures`, by policy and name: mean, interval, single runs.
        origin: of the numbers.
        title: what they are of.
    """
    layout = _layout(groups)
    if not layout.panels:
        return None
    has_legend = len(layout.series) > 1
    if layout.is_grid:
        rows, wide = len(layout.panels), len(layout.columns)
        height_in = _ROW_IN * rows
    else:
        rows, wide, height_in = 1, len(layout.panels), _PANEL_IN[1]
    width_in = max(_PANEL_IN[0] * wide, 2 * _PANEL_IN[0])
    with style.figure(path, width_in, height_in + 0.6 + _LEGEND_IN * has_legend) as made:
        every = made.subplots(rows, wide, squeeze=False, sharey="row" if rows > 1 else False)
        for at, (name, label) in enumerate(layout.panels):
            for nth, column in enumerate(layout.columns):
                axes = every[at, nth] if layout.is_grid else every[0, at]
                _panel(axes, layout, name, column)
                axes.set_ylabel(label if nth == 0 else "")
                axes.set_xlabel(layout.names[0] if at == rows - 1 or rows == 1 else "")
        if has_legend:
            _legend(made, layout)
        lacking = _LACKING if any(not mark.figures for mark in layout.marks) else ""
        remarks = "\n".join(filter(None, (origin.remarks, _HOW + lacking)))
        style.head(made, f"{origin.network}: {title}", origin.source, remarks)
    return path


def _layout(groups: Sequence[Mapping[str, Any]]) -> _Layout:
    options = list(groups[0]["options"])
    if options:
        values = {name: _ordered(one["options"][name] for one in groups) for name in options}
        options.sort(key=lambda name: -len(values[name]))
        first, *others = options
        columns = others[1] if len(others) > 1 else ""
        joined = [name for name in others if name != columns]
        marks = [
            _Mark(
                one["options"][first],
                ", ".join(one["options"][name] for name in joined),
                one["options"].get(columns, ""),
                one["figures"].get(one["head"], {}),
            )
            for one in groups
        ]
        names = (first, ", ".join(joined), columns)
    else:
        marks = [_Mark(policy, "", "", own) for policy, own in groups[0]["figures"].items()]
        names = ("policy", "", "")
    known = [(n, label) for n, label in _PANELS if any(n in mark.figures for mark in marks)]
    if not options:  # the search is the same for every policy
        known = [one for one in known if not one[0].startswith("search_")]
    lists = (
        _ordered(getattr(mark, part) for mark in marks) for part in ("place", "series", "column")
    )
    places, series, shown = lists
    return _Layout(marks, known[:_MOST_PANELS], names, places, series, shown)


def _ordered(values: Iterable[str]) -> list[str]:
    """Distinct values: numbers by their size, else in the order in which they come."""
    found = list(dict.fromkeys(values))
    return sorted(found, key=float) if all(map(_is_number, found)) else found


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _panel(axes: Axes, layout: _Layout, name: str, column: str) -> None:
    """One figure of one column: a series for each value of the second option."""
    along = all(map(_is_number, layout.places))
    apart = 0.5 / max(len(layout.series), 2)
    own = {(m.place, m.series): m.figures for m in layout.marks if m.column == column}
    for nth, series in enumerate(layout.series):
        colour, marker = _COLOURS[nth % len(_COLOURS)], _MARKERS[nth % len(_MARKERS)]
        sideways = apart * (nth - (len(layout.series) - 1) / 2)
        drawn: list[tuple[float, float]] = []
        for place, value in enumerate(layout.places):
            found = own.get((value, series), {}).get(name)
            if found is None:
                _lacking(axes, place + sideways, colour)
                continue
            mean, interval, runs = found
            drawn.append((place + sideways, mean))
            beside = np.full(len(runs), place + sideways + 0.22 * apart)
            axes.scatter(beside, runs, s=9, color=colour, alpha=0.55, linewidths=0)
            if interval is not None:
                axes.vlines(place + sideways, *interval, color=colour, lw=1.6)
        axes.plot(
            [at for at, _ in drawn],
            [mean for _, mean in drawn],
            linestyle="-" if along else "",
            color=colour,
            lw=0.8,
            marker=marker,
            ms=5.5,
            mfc="white",
            mew=1.4,
            label=series or "_",
        )
    _finished(axes, layout, column)


def _lacking(axes: Axes, place: float, colour: str) -> None:
    """A cross at the bottom where no run of a group is finished."""
    where = axes.get_xaxis_transform()
    axes.plot([place], [0.03], "x", color=colour, ms=5, transform=where, clip_on=False)


def _finished(axes: Axes, layout: _Layout, column: str) -> None:
    """The axis along the places, and the column's own words."""
    long = sum(map(len, layout.places)) > _LONG_LABELS / (1 if not layout.is_grid else 1.2)
    axes.set_xticks(
        range(len(layout.places)),
        layout.places,
        fontsize=8,
        rotation=30 if long else 0,
        ha="right" if long else "center",
        rotation_mode="anchor",
    )
    axes.set_xlim(-0.6, len(layout.places) - 0.4)
    axes.margins(y=0.12)
    axes.grid(visible=False, axis="x")
    if column:
        box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8}
        axes.text(
            0.02,
            0.97,
            f"{layout.names[2]}={column}",
            transform=axes.transAxes,
            va="top",
            fontsize=8,
            bbox=box,
        )


def _legend(made: Figure, layout: _Layout) -> None:
    found = {
        label: handle
        for axes in made.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    labels = [series for series in layout.series if series in found]
    made.legend(
        [found[label] for label in labels],
        labels,
        loc="outside lower center",
        ncols=min(len(labels), 5),
        title=layout.names[1],
        fontsize=8,
        title_fontsize=8,
    )
