"""The front: latency against energy, over everything that was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from dynasplit.dominance import non_dominated
from dynasplit.figures import style
from dynasplit.figures.series import KINDS, Kind, kind_of
from dynasplit.front import ParetoFront
from dynasplit.measurement import Summary

_SMALLEST, _LARGEST = 14.0, 55.0  # marker areas, in points squared
Offsets = Sequence[tuple[float, float]]
# Where a label may stand, in points from its marker: nearest first.
_NEAR: Offsets = [(8, 0), (7, 10), (7, -10), (-7, -10), (-7, 10)]
_FAR: Offsets = [(x, y) for y in (-14, 14, -24, 24, -34, 34) for x in (-8, 8, 16)]


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
        _frame(axes, front)
        for kind in KINDS:
            _cloud(axes, kind, [s for s in measured if _kind(s, front) == kind], front)
        _join(axes, front)
        for kind in KINDS:
            _members(axes, kind, front)
        _key(figure, front, bool(measured))
        style.number_log_axes(axes)
        style.head(figure, _title(front, len(measured)), front.source)
        figure.canvas.draw()
        _label(axes, front)
    return path


def _title(front: ParetoFront, measured: int) -> str:
    what = f"{len(front.summaries)} configurations on the front"
    of = f" of {measured} measured" if measured else ""
    return f"{front.model or 'Unnamed network'}: {what}{of}"


def _kind(summary: Summary, front: ParetoFront) -> Kind:
    return kind_of(summary.configuration.split_point, front.last_split_point)


def _y(summary: Summary, front: ParetoFront) -> float:
    if front.has_energy and summary.energy_j is not None:
        return summary.energy_j
    return float("nan") if front.has_energy else summary.configuration.split_point


def _frame(axes: Axes, front: ParetoFront) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("latency of one inference (ms)")
    if front.has_energy:
        axes.set_yscale("log")
        axes.set_ylabel("energy of one inference, edge + cloud (J)")
    else:
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
    if not front.has_energy:
        return
    points = np.array([[s.latency_ms, _y(s, front)] for s in front.summaries])
    best = points[non_dominated(points)]
    best = best[np.argsort(best[:, 0])]
    axes.step(best[:, 0], best[:, 1], where="post", color=style.INK, linewidth=0.8, zorder=2.5)


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


def _label(axes: Axes, front: ParetoFront) -> None:
    """Name the baselines and, where there is room, split points."""
    taken = []
    for s in front.summaries:
        x, y = axes.transData.transform((s.latency_ms, _y(s, front)))
        taken.append(Bbox.from_extents(x - 9, y - 9, x + 9, y + 9))
    baselines = {"cloud_only": front.cloud_only, "edge_only": front.edge_only}
    for name, baseline in baselines.items():
        if baseline is not None:
            _note(axes, (baseline.latency_ms, _y(baseline, front)), name, taken, _FAR)
    said = set()
    for s in (s for s in front.summaries if _kind(s, front) == "split"):
        text = f"split {s.configuration.split_point}"
        point = s.latency_ms, _y(s, front)
        if text not in said and _note(axes, point, text, taken, _NEAR):
            said.add(text)


def _note(
    axes: Axes, point: tuple[float, float], text: str, taken: list[Bbox], offsets: Offsets
) -> bool:
    """Write beside a point, at the first place where the text covers nothing, if there is one."""
    if any(np.isnan(point)):
        return False
    for x, y in offsets:
        note = axes.annotate(
            text,
            point,
            xytext=(x, y),
            textcoords="offset points",
            ha="left" if x > 0 else "right",
            va="center",
            fontsize=8,
            color=style.INK,
            arrowprops={"arrowstyle": "-", "color": style.INK, "linewidth": 0.5, "shrinkB": 3},
        )
        note.get_window_extent()  # places it
        box = Text.get_window_extent(note).padded(6)  # the text alone, without its leader
        inside = axes.get_window_extent()
        within = inside.x0 < box.x0 and box.x1 < inside.x1
        within = within and inside.y0 < box.y0 and box.y1 < inside.y1
        if within and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return True
        note.remove()
    return False
