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

from dynasplit.dominance import non_dominated
from dynasplit.figures import style
from dynasplit.figures.closeup import magnified
from dynasplit.figures.labels import FAR, NEAR, note
from dynasplit.figures.series import KINDS, Floats, Kind, kind_of
from dynasplit.front import ParetoFront
from dynasplit.measurement import Summary

_SMALLEST, _LARGEST = 14.0, 55.0  # marker areas, in points squared


def draw(path: Path, measured: Sequence[Summary], front: ParetoFront) -> Path:
    """Draw the front.

    The line joins what is best by latency and energy alone; members without it are on the front
    for their quality. Where energy was not measured, split points are drawn against latency.

    Args:
        path: of the PNG.
        measured: every measured configuration.
        front: with its baselines.

    Raises:
        ResultsError: the file cannot be written.
    """
    with style.figure(path, 7.6, 4.4) as figure:
        axes = figure.add_subplot()
        _frame(axes, measured, front)
        _draw_in(axes, measured, front)
        _key(figure, front, bool(measured))
        style.number_log_axes(axes)
        style.head(figure, _title(front, len(measured)), front.source)
        figure.canvas.draw()
        points, others = _points(front.summaries, front), _points(measured, front)
        closeup = magnified(axes, points, others, _stairs(front)) if front.has_energy else None
        shown: frozenset[int] = frozenset()
        if closeup is not None:
            inner, shown = closeup
            _draw_in(inner, measured, front)
            figure.canvas.draw()
            _label(inner, [s for i, s in enumerate(front.summaries) if i in shown], front)
        _label_baselines(axes, front)
        _label(axes, [s for i, s in enumerate(front.summaries) if i not in shown], front)
    return path


def _draw_in(axes: Axes, measured: Sequence[Summary], front: ParetoFront) -> None:
    for kind in KINDS:
        _cloud(axes, kind, [s for s in measured if _kind(s, front) == kind], front)
    _join(axes, front)
    for kind in KINDS:
        _members(axes, kind, front)


def _title(front: ParetoFront, measured: int) -> str:
    many = len(front.summaries) != 1
    what = f"{len(front.summaries)} configuration{'s' if many else ''} on the front"
    of = f" of {measured} measured" if measured else ""
    return f"{front.model or 'Unnamed network'}: {what}{of}"


def _kind(summary: Summary, front: ParetoFront) -> Kind:
    return kind_of(summary.configuration.split_point, front.last_split_point)


def _y(summary: Summary, front: ParetoFront) -> float:
    if front.has_energy and summary.energy_j is not None:
        return summary.energy_j
    return float("nan") if front.has_energy else summary.configuration.split_point


def _frame(axes: Axes, measured: Sequence[Summary], front: ParetoFront) -> None:
    baselines = [s for s in (front.cloud_only, front.edge_only) if s is not None]
    points = _points([*measured, *front.summaries, *baselines], front)
    axes.set_xscale("log")
    axes.set_xlim(*style.log_limits(points[:, 0]))
    axes.set_xlabel("latency of one inference (ms)")
    if front.has_energy:
        axes.set_yscale("log")
        axes.set_ylim(*style.log_limits(points[:, 1]))
        axes.set_ylabel("energy of one inference, edge + cloud (J)")
    else:
        axes.set_ylim(-0.5, front.last_split_point + 0.5)
        axes.set_ylabel("split point (energy was not measured)")


def _cloud(axes: Axes, kind: Kind, members: Sequence[Summary], front: ParetoFront) -> None:
    """All measured configurations of a kind, faint."""
    axes.scatter(
        [s.latency_ms for s in members],
        [_y(s, front) for s in members],
        s=9,
        marker=style.KIND_MARKERS[kind],
        color=style.KIND_COLOURS[kind],
        alpha=0.3,
        linewidths=0,
    )


def _join(axes: Axes, front: ParetoFront) -> None:
    """The staircase of what is best by latency and energy alone."""
    if front.has_energy:
        stairs = _stairs(front)
        axes.plot(stairs[:, 0], stairs[:, 1], color=style.INK, linewidth=0.8, zorder=2.5)


def _stairs(front: ParetoFront) -> Floats:
    """The corners (k, 2) of that staircase."""
    points = _points(front.summaries, front)
    best = points[non_dominated(points)]
    best = best[np.argsort(best[:, 0])]
    treads = np.column_stack([best[1:, 0], best[:-1, 1]])
    corners = np.empty((2 * len(best) - 1, 2))
    corners[::2], corners[1::2] = best, treads
    return corners


def _points(summaries: Sequence[Summary], front: ParetoFront) -> Floats:
    """Where summaries are drawn (n, 2)."""
    return np.array([[s.latency_ms, _y(s, front)] for s in summaries]).reshape(-1, 2)


def _members(axes: Axes, kind: Kind, front: ParetoFront) -> None:
    """The front's members of a kind, with the quartiles over their runs."""
    members = [s for s in front.summaries if _kind(s, front) == kind]
    if not members:
        return
    x, y = [s.latency_ms for s in members], [_y(s, front) for s in members]
    axes.hlines(
        y,
        [s.latency_q25_ms for s in members],
        [s.latency_q75_ms for s in members],
        color=style.INK,
        linewidth=0.8,
        zorder=2.8,
    )
    axes.scatter(
        x,
        y,
        s=_areas(members, front),
        marker=style.KIND_MARKERS[kind],
        color=style.KIND_COLOURS[kind],
        edgecolors=style.INK,
        linewidths=0.8,
        zorder=3,
    )


def _areas(members: Sequence[Summary], front: ParetoFront) -> list[float]:
    """Larger for a higher quality, if the front's differ."""
    low, high = _quality_range(front)
    if high <= low:
        return [30.0] * len(members)
    shares = [((s.quality or low) - low) / (high - low) for s in members]
    return [_SMALLEST + share * (_LARGEST - _SMALLEST) for share in shares]


def _quality_range(front: ParetoFront) -> tuple[float, float]:
    known = [s.quality for s in front.summaries if s.quality is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)


def _key(figure: Figure, front: ParetoFront, has_cloud: bool) -> None:
    """What the markers mean, beside the axes, where it covers nothing."""
    there = [k for k in KINDS if any(_kind(s, front) == k for s in front.summaries)]
    entries = [_entry(kind, style.KIND_COLOURS[kind], kind) for kind in there]
    if has_cloud:
        entries.append(_entry("split", style.FAINT, "faint: measured,\nnot on the front", 3))
    low, high = _quality_range(front)
    if high > low:
        larger = f"larger: higher {front.quality}\n({low:.3f} to {high:.3f})"
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


def _label_baselines(axes: Axes, front: ParetoFront) -> None:
    taken = _taken(axes, front)
    for name, baseline in (("cloud_only", front.cloud_only), ("edge_only", front.edge_only)):
        if baseline is not None:
            note(axes, (baseline.latency_ms, _y(baseline, front)), name, taken, FAR)


def _label(axes: Axes, members: Sequence[Summary], front: ParetoFront) -> None:
    """Name split points, each once, where there is room."""
    taken, said = _taken(axes, front), set()
    for member in (s for s in members if _kind(s, front) == "split"):
        text = f"split {member.configuration.split_point}"
        point = member.latency_ms, _y(member, front)
        if text not in said and note(axes, point, text, taken, NEAR):
            said.add(text)


def _taken(axes: Axes, front: ParetoFront) -> list[Bbox]:
    """What labels must not cover: the front's members and line, other labels, a close-up."""
    taken = [text.get_window_extent() for text in axes.texts]
    taken += [box for inner in axes.child_axes if (box := inner.get_tightbbox()) is not None]
    for x, y in axes.transData.transform(_points(front.summaries, front)):
        taken.append(Bbox.from_extents(x - 8, y - 8, x + 8, y + 8))
    if front.has_energy:
        corners = axes.transData.transform(_stairs(front))
        for (x0, y0), (x1, y1) in pairwise(corners):
            taken.append(Bbox.from_extents(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    return taken
