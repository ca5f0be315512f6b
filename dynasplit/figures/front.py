"""The front: latency against energy, over everything that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from dynasplit.core.measurement import Summary
from dynasplit.figures import style
from dynasplit.figures.closeup import magnified
from dynasplit.figures.heights import View
from dynasplit.figures.labels import FAR, NEAR, note
from dynasplit.figures.series import KINDS, Kind
from dynasplit.front.pareto_front import ParetoFront

_SMALLEST, _LARGEST = 14.0, 55.0  # marker areas, in points squared


def draw(path: Path, measured: Sequence[Summary], front: ParetoFront, remarks: str = "") -> Path:
    """Draw the front.

    The line joins what is best by latency and energy alone; members without it are on the front
    for their quality. Where energy was not measured, quality takes its place, or where that does
    not differ either, the split point.

    Args:
        path: of the PNG.
        measured: every measured configuration.
        front: with its baselines.
        remarks: what else to know of the numbers.

    Raises:
        ResultsError: the file cannot be written.
    """
    with style.figure(path, style.PAGE_IN, 4.2) as figure:
        axes = figure.add_subplot()
        view = View.of(front, measured)
        _frame(axes, measured, view)
        draw_in(axes, measured, view)
        _key(figure, view, bool(measured))
        style.number_log_axes(axes)
        style.head(figure, _title(view, len(measured)), front.source, remarks)
        figure.canvas.draw()
        points, others = view.points(front.summaries), view.points(measured)
        closeup = magnified(axes, points, others, view.stairs()) if view.is_joined else None
        shown: frozenset[int] = frozenset()
        if closeup is not None:
            inner, shown = closeup
            draw_in(inner, measured, view)
            figure.canvas.draw()
            _label(inner, [s for i, s in enumerate(front.summaries) if i in shown], view)
        _label_baselines(axes, view)
        rest = [s for i, s in enumerate(front.summaries) if i not in shown]
        # without energy there are few configurations, and each says where to cut
        _label(axes, rest if front.has_energy else [*rest, *measured], view)
    return path


def draw_in(axes: Axes, measured: Sequence[Summary], view: View) -> None:
    """Draw what was measured, and the front with its line, in axes of any figure."""
    for kind in KINDS:
        _cloud(axes, kind, [s for s in measured if view.kind(s) == kind], view)
    _join(axes, view)
    for kind in KINDS:
        _members(axes, kind, view)


def _title(view: View, measured: int) -> str:
    many = len(view.front.summaries) != 1
    what = f"{len(view.front.summaries)} configuration{'s' if many else ''} on the front"
    of = f" of {measured} measured" if measured else ""
    return f"{view.front.model or 'Unnamed network'}: {what}{of}"


def _frame(axes: Axes, measured: Sequence[Summary], view: View) -> None:
    baselines = [s for s in (view.front.cloud_only, view.front.edge_only) if s is not None]
    points = view.points([*measured, *view.front.summaries, *baselines])
    axes.set_xscale("log")
    axes.set_xlim(*style.log_limits(points[:, 0]))
    axes.set_xlabel("latency of one inference (ms)")
    if view.front.has_energy:
        axes.set_yscale("log")
        axes.set_ylim(*style.log_limits(points[:, 1]))
        axes.set_ylabel("energy of one inference, edge + cloud (J)")
    elif view.height == "quality":
        low, high = np.nanmin(points[:, 1]), np.nanmax(points[:, 1])
        axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
        axes.set_ylabel(f"{view.front.quality} (energy was not measured)")
    else:
        axes.set_ylim(-0.5, view.front.last_split_point + 0.5)
        axes.set_ylabel("split point (energy was not measured)")


def _cloud(axes: Axes, kind: Kind, members: Sequence[Summary], view: View) -> None:
    """All measured configurations of a kind, faint."""
    axes.scatter(
        [s.latency_ms for s in members],
        [view.y(s) for s in members],
        s=9 if view.height == "energy" else 20,  # without energy there are few
        marker=style.KIND_MARKERS[kind],
        color=style.KIND_COLOURS[kind],
        alpha=0.3 if view.height == "energy" else 0.6,
        linewidths=0,
    )


def _join(axes: Axes, view: View) -> None:
    """The staircase of what is best by both axes alone."""
    if view.is_joined:
        stairs = view.stairs()
        axes.plot(stairs[:, 0], stairs[:, 1], color=style.INK, linewidth=0.8, zorder=2.5)


def _members(axes: Axes, kind: Kind, view: View) -> None:
    """The front's members of a kind: latency's quartiles over runs, energy's interval."""
    members = [s for s in view.front.summaries if view.kind(s) == kind]
    if not members:
        return
    x, y = [s.latency_ms for s in members], [view.y(s) for s in members]
    axes.hlines(
        y,
        [s.latency_q25_ms for s in members],
        [s.latency_q75_ms for s in members],
        color=style.INK,
        linewidth=0.8,
        zorder=2.8,
    )
    _energy_bars(axes, members, view)
    axes.scatter(
        x,
        y,
        s=_areas(members, view),
        marker=style.KIND_MARKERS[kind],
        color=style.KIND_COLOURS[kind],
        edgecolors=style.INK,
        linewidths=0.8,
        zorder=3,
    )


def _energy_bars(axes: Axes, members: Sequence[Summary], view: View) -> None:
    """The 95 % intervals of energies."""
    bars = [
        (s.latency_ms, s.energy_low_j, s.energy_high_j)
        for s in members
        if s.energy_low_j is not None and s.energy_high_j is not None
    ]
    if bars and view.height == "energy":
        axes.vlines(*zip(*bars, strict=True), color=style.INK, linewidth=0.8, zorder=2.8)


def _areas(members: Sequence[Summary], view: View) -> list[float]:
    """Larger for a higher quality, if the front's differ."""
    low, high = _quality_range(view)
    if high <= low or view.height == "quality":
        return [30.0] * len(members)
    shares = [((s.quality or low) - low) / (high - low) for s in members]
    return [_SMALLEST + share * (_LARGEST - _SMALLEST) for share in shares]


def _quality_range(view: View) -> tuple[float, float]:
    known = [s.quality for s in view.front.summaries if s.quality is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)


def _key(figure: Figure, view: View, has_cloud: bool) -> None:
    """The legend of markers, beside the axes."""
    there = [k for k in KINDS if any(view.kind(s) == k for s in view.front.summaries)]
    entries = [_entry(kind, style.KIND_COLOURS[kind], kind) for kind in there]
    if view.height == "energy" and any(s.energy_low_j is not None for s in view.front.summaries):
        entries.append(_bar("energy: 95 % interval"))
    if has_cloud:
        entries.append(_entry("split", style.FAINT, "faint: measured,\nnot on the front", 3))
    low, high = _quality_range(view)
    if high > low and view.height != "quality":
        larger = f"larger: higher {view.front.quality}\n({low:.3f} to {high:.3f})"
        entries.append(_entry("split", "white", larger, 8))
    figure.legend(handles=entries, loc="outside right upper", fontsize=8, labelspacing=0.9)


def _entry(kind: Kind, colour: str, label: str, size: float = 6) -> Line2D:
    edge = colour if colour == style.FAINT else style.INK
    return Line2D(
        [],
        [],
        linestyle="",
        marker=style.KIND_MARKERS[kind],
        markersize=size,
        color=colour,
        markeredgecolor=edge,
        label=label,
    )


def _bar(label: str) -> Line2D:
    return Line2D([], [], linestyle="", marker="|", markersize=9, color=style.INK, label=label)


def _label_baselines(axes: Axes, view: View) -> None:
    taken = _taken(axes, view)
    for name, baseline in (
        ("cloud_only", view.front.cloud_only),
        ("edge_only", view.front.edge_only),
    ):
        if baseline is not None:
            note(axes, (baseline.latency_ms, view.y(baseline)), name, taken, FAR)


def _label(axes: Axes, members: Sequence[Summary], view: View) -> None:
    """Name split points, each once, where there is room."""
    taken, said = _taken(axes, view), set()
    for member in (s for s in members if view.kind(s) == "split"):
        text = f"split {member.configuration.split_point}"
        point = member.latency_ms, view.y(member)
        if text not in said and note(axes, point, text, taken, NEAR):
            said.add(text)


def _taken(axes: Axes, view: View) -> list[Bbox]:
    """Areas that labels must not cover: front members and line, other labels, a close-up."""
    taken = [text.get_window_extent() for text in axes.texts]
    taken += [box for inner in axes.child_axes if (box := inner.get_tightbbox()) is not None]
    for x, y in axes.transData.transform(view.points(view.front.summaries)):
        taken.append(Bbox.from_extents(x - 8, y - 8, x + 8, y + 8))
    if view.is_joined:
        corners = axes.transData.transform(view.stairs())
        for (x0, y0), (x1, y1) in pairwise(corners):
            taken.append(Bbox.from_extents(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    return taken
