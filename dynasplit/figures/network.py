"""The network's figure: bytes sent and multiply-accumulates before each split point."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dynasplit.figures.series import kind_of
from dynasplit.figures.style import (
    FAINT,
    INK,
    KIND_COLOURS,
    KIND_MARKERS,
    PAGE_IN,
    PLAIN,
    figure,
    log_limits,
    number_log_axes,
    plain,
    titled,
)

_NAMED = 26
"""With more split points than so many, there is no room for their names."""


class Place(Protocol):
    """The drawn properties of a split point."""

    @property
    def index(self) -> int:
        """Its number."""
        ...

    @property
    def name(self) -> str:
        """The operation before it."""
        ...

    @property
    def bytes(self) -> int:
        """Bytes sent; 0 at the last split point."""
        ...

    @property
    def head_mmac(self) -> float:
        """Million multiply-accumulates before it."""
        ...

    @property
    def tail_mmac(self) -> float:
        """After it."""
        ...


def draw(path: Path, model: str, places: Sequence[Place], chosen: Collection[int]) -> Path:
    """Tensor size above, work below; the split points that may be searched are marked.

    Args:
        path: of the PNG.
        model: the network's name.
        places: all its split points in order.
        chosen: the indices of those that may be searched.
    """
    named = len(places) <= _NAMED
    with figure(path, PAGE_IN, 5.6 if named else 4.8) as made:
        above, below = made.subplots(2, 1, sharex=True)
        _draw_sizes(above, places, chosen)
        _draw_work(below, places, chosen)
        _number(below, places, named)
        total = places[-1].head_mmac
        marked = len(places) if len(chosen) == len(places) else f"{len(chosen)} of {len(places)}"
        titled(
            made,
            f"{model}: where it can be split",
            f"{marked} split points, {plain(total)} million multiply-accumulates; "
            "counted on the graph, nothing was run",
            PLAIN,
        )
        made.align_ylabels()
    return path


def _draw_sizes(axes: Axes, places: Sequence[Place], chosen: Collection[int]) -> None:
    """A bar for each tensor; what is smaller than the input saves sending."""
    sent = [place for place in places if place.bytes]
    sizes_kb = [place.bytes / 1024 for place in sent]
    low, high = log_limits(sizes_kb, 0.12)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    for kind, marker in KIND_MARKERS.items():
        those = [p for p in sent if p.index in chosen and kind_of(p.index, _last(places)) == kind]
        if those:
            at = [place.index for place in those]
            kb = [place.bytes / 1024 for place in those]
            axes.plot(at, kb, marker, ms=5, color=KIND_COLOURS[kind], zorder=3)
    axes.bar([place.index for place in sent], sizes_kb, width=0.72, color=FAINT, zorder=1)
    axes.axhline(sizes_kb[0], color=PLAIN, lw=0.9, ls="--", zorder=2)
    axes.annotate(
        "size of the input",
        (1, sizes_kb[0]),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=PLAIN,
    )
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("sent (KB)")
    number_log_axes(axes, 6)


def _draw_work(axes: Axes, places: Sequence[Place], chosen: Collection[int]) -> None:
    """Work on the edge in percent, and what each part between two split points adds."""
    total = places[-1].head_mmac or 1.0
    share = [100 * place.head_mmac / total for place in places]
    added = [after - before for before, after in zip([0.0, *share], share, strict=False)]
    at = [place.index for place in places]
    axes.bar([k - 0.5 for k in at], added, width=0.72, color=FAINT, label="since the one before")
    axes.plot(at, share, "-", lw=1.2, color=INK, label="before the split point")
    for kind, marker in KIND_MARKERS.items():
        those = [k for k in at if k in chosen and kind_of(k, _last(places)) == kind]
        if those:
            here = [share[k] for k in those]
            axes.plot(those, here, marker, ms=5, color=KIND_COLOURS[kind], label=kind)
    axes.set_ylim(0, 104)
    axes.set_ylabel("work (% of all)")
    axes.legend(loc="upper left", fontsize=8)


def _number(axes: Axes, places: Sequence[Place], named: bool) -> None:
    axes.set_xlim(-1, _last(places) + 1)
    axes.set_xlabel("split point")
    if not named:
        axes.xaxis.set_major_locator(MaxNLocator(16, steps=[1, 2, 5, 10], integer=True))
        return
    labels = [f"{_short(place.name)}  {place.index}" for place in places]
    axes.set_xticks([place.index for place in places], labels, rotation=90, fontsize=8)
    axes.set_xlabel("split point, after this operation")


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:11]}..{name[-11:]}"


def _last(places: Sequence[Place]) -> int:
    return places[-1].index
