"""The windows' figure: the power of both hosts while some configurations were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dynasplit.figures import style
from dynasplit.figures.series import Floats, Origin

_ACROSS = 3
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_MARKS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Window:
    """What meters read around one window.

    Attributes:
        words: what was measured, and what is doubtful of it, in a line or two.
        traces: times in s from the window's start (n,) and watts (n,), by host and channel.
    """

    words: str
    traces: Mapping[str, tuple[Floats, Floats]]


def draw(path: Path, windows: Sequence[Window], title: str, origin: Origin) -> Path | None:
    """Draw one panel for each window, with a logarithmic scale of power; None: there is none.

    Raises:
        ResultsError: the file cannot be written.
    """
    if not windows:
        return None
    names = list(dict.fromkeys(name for window in windows for name in window.traces))
    rows = -(-len(windows) // _ACROSS)
    with style.figure(path, 9.0, 1.2 + 1.9 * rows) as figure:
        places = figure.subplots(rows, _ACROSS, squeeze=False, sharey=True).flatten()
        for place, window in zip(places, windows, strict=False):
            for name, (times_s, watts) in window.traces.items():
                which = names.index(name) % len(_COLOURS)
                look = {"color": _COLOURS[which], "marker": _MARKS[which], "label": name}
                place.plot(times_s, watts, linewidth=0.9, markersize=2.2, **look)
            place.set_xlabel(window.words, fontsize=7)
            place.set_yscale("log")
            place.tick_params(labelsize=7)
        for place in places[len(windows) :]:
            place.remove()
        figure.supylabel("power, W", fontsize=9)
        figure.supxlabel("s from the window's start", x=0.01, ha="left", fontsize=8)
        first = places[0].get_legend_handles_labels()
        figure.legend(*first, loc="outside lower right", ncols=len(names), fontsize=8)
        style.head(figure, f"{origin.network}: {title}", origin.source, origin.remarks)
    return path
