"""The common style of figures, and their line that states the origin of the numbers."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from dynasplit.core.errors import ResultsError
from dynasplit.core.provenance import PROVENANCE, Source
from dynasplit.figures.output import output
from dynasplit.figures.series import Kind

# Colours that the colour-blind can tell apart: Okabe and Ito, https://jfly.uni-koeln.de/color/
KIND_COLOURS: Mapping[Kind, str] = {
    "cloud-only": "#0072B2",
    "split": "#E69F00",
    "edge-only": "#009E73",
}
KIND_HATCHES: Mapping[Kind, str] = {"cloud-only": "....", "split": "", "edge-only": "////"}
KIND_MARKERS: Mapping[Kind, str] = {"cloud-only": "s", "split": "o", "edge-only": "^"}
ACCENT, PLAIN, INK, FAINT = "#D55E00", "#7F8C99", "#222222", "#B8BEC4"
COLUMN_IN, PAGE_IN = 88 / 25.4, 180 / 25.4
"""Widths: one column of a page that has two, and both."""
LINES: Sequence[tuple[str, Any]] = (
    (ACCENT, "-"),
    ("#0072B2", (0, (5, 1.5))),
    ("#009E73", (0, (6, 1.5, 1.2, 1.5))),
    ("#CC79A7", (0, (1.2, 1.2))),
    ("#000000", (0, (3, 1, 1, 1, 1, 1))),
)
"""Colours and dashes of lines, each of which tells them apart by itself."""

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "pdf.fonttype": 42,  # letters stay letters, which publishers ask for
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E6E8EA",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "xtick.color": INK,
    "ytick.color": INK,
}
_DOTS_PER_INCH = 200
_LETTER_IN, _TITLE_IN = 0.062, 0.096  # of the words below a title, and of the title: mean widths
_BESIDE_IN = 0.85  # what the numbers beside the first axes take at most
_SAID = "dynasplit_said"
"""An attribute of a figure: title and the words below it, for the files' own descriptions."""
_NUMBERED = {
    7: (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0),
    3: (1.0, 2.0, 5.0),
    2: (1.0, 3.0),
    1: (1.0,),
}
_NARROW_DECADES = 0.6


@contextmanager
def figure(path: Path, width_in: float, height_in: float) -> Iterator[Figure]:
    """A figure that is written when the context ends: as PNG, or as `output` says.

    Raises:
        ResultsError: it cannot be written.
    """
    with matplotlib.rc_context(_STYLE):
        made = Figure(figsize=(width_in, height_in), layout="constrained")
        FigureCanvasAgg(made)
        yield made
        try:
            said = dict(getattr(made, _SAID, {}))
            for ending in output().formats:
                told = _named_as(ending, said)
                made.savefig(path.with_suffix(f".{ending}"), dpi=_DOTS_PER_INCH, metadata=told)
        except OSError as error:
            raise ResultsError(f"{path} cannot be written: {error}") from error


def _named_as(ending: str, said: Mapping[str, str]) -> dict[str, str]:
    """Title and source by the names that a format has for them."""
    return {("Subject" if ending == "pdf" and n == "Source" else n): v for n, v in said.items()}


def head(figure: Figure, title: str, source: Source, also: str = "") -> None:
    """The title, and below it in plain words where the numbers come from, and what else to know.

    What else stands on a line of its own.

    Raises:
        IndexError: the figure has no axes yet.
    """
    told = "\n".join(filter(None, (PROVENANCE[source], also)))
    titled(figure, title, told, INK if source == "measured" else ACCENT)


def titled(figure: Figure, title: str, below: str, colour: str) -> None:
    """The title, and a line below it.

    Raises:
        IndexError: the figure has no axes yet.
    """
    setattr(figure, _SAID, {"Title": title, "Source": below})
    width_in = float(figure.get_size_inches()[0])
    if output().titles:
        told = textwrap.fill(title, max(20, int(width_in / _TITLE_IN)))
        figure.suptitle(told, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    below = _filled(below, int((width_in - _BESIDE_IN) / _LETTER_IN))
    first = figure.axes[0]
    # The layout would keep half of a long title's width free beside the first axes. So it is given
    # blank lines of the same height, and the words are written over them.
    first.set_title("\n" * below.count("\n") + " ", fontsize=8, pad=8)
    words = first.annotate(
        below, (0, 1), (0, 8), "axes fraction", "offset points", fontsize=8, color=colour
    )
    words.set_in_layout(False)


def _filled(words: str, most: int) -> str:
    """Lines of at most so many letters."""
    return "\n".join(textwrap.fill(line, max(20, most)) for line in words.split("\n"))


def log_limits(values: Iterable[float], margin: float = 0.05) -> tuple[float, float]:
    """Limits of a logarithmic axis around the positive values, with a margin on either side.

    Args:
        values: NaNs are left out.
        margin: as a share of their range.
    """
    known = [v for v in values if v > 0]
    if not known:
        return 1.0, 10.0
    low, high = min(known), max(known)
    room = max(1.1, (high / low) ** margin)
    return low / room, high * room


def number_log_axes(axes: Axes, most: int = 9) -> None:
    """Plain numbers on the logarithmic axes: as many of each power of ten as there is room for.

    Args:
        axes: with everything drawn.
        most: how many numbers there is room for.
    """
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if axis.get_scale() != "log":
            continue
        decades = math.log10(limits[1] / limits[0])
        fitting = next((n for n in sorted(_NUMBERED, reverse=True) if n * decades <= most), 1)
        narrow = decades < _NARROW_DECADES
        axis.set_major_locator(MaxNLocator(5) if narrow else LogLocator(subs=_NUMBERED[fitting]))
        axis.set_major_formatter(FuncFormatter(lambda value, _position: plain(value)))
        axis.set_minor_formatter(NullFormatter())


def plain(value: float) -> str:
    """A number with three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
