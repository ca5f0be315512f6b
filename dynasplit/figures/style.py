"""How all figures look, and how they say where their numbers come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dynasplit.errors import ResultsError
from dynasplit.figures.series import Kind
from dynasplit.measurement import Source

# Colours that the colour-blind can tell apart: Okabe and Ito, https://jfly.uni-koeln.de/color/
KIND_COLOURS: Mapping[Kind, str] = {
    "cloud-only": "#0072B2",
    "split": "#E69F00",
    "edge-only": "#009E73",
}
KIND_MARKERS: Mapping[Kind, str] = {"cloud-only": "s", "split": "o", "edge-only": "^"}
ACCENT, PLAIN, INK, FAINT = "#D55E00", "#7F8C99", "#222222", "#B8BEC4"

PROVENANCE: Mapping[Source, str] = {
    "measured": "Measured on real hosts",
    "emulated": "EMULATED hosts: times and power follow a profile, network outputs are real",
    "modelled": "MODELLED: a profile answered, nothing was run",
    "recorded": "RECORDED runs answered, nothing was run",
}

_STYLE: dict[Any, Any] = {
    "font.size": 9,
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
_NUMBERED = {3: (1.0, 2.0, 5.0), 2: (1.0, 3.0), 1: (1.0,)}


@contextmanager
def figure(path: Path, width_in: float, height_in: float) -> Iterator[Figure]:
    """A figure that is written as PNG when the context ends.

    Raises:
        ResultsError: it cannot be written.
    """
    with matplotlib.rc_context(_STYLE):
        made = Figure(figsize=(width_in, height_in), layout="constrained")
        FigureCanvasAgg(made)
        yield made
        try:
            made.savefig(path, dpi=_DOTS_PER_INCH, format="png")
        except OSError as error:
            raise ResultsError(f"{path} cannot be written: {error}") from error


def head(figure: Figure, title: str, source: Source) -> None:
    """The title, and below it in plain words where the numbers come from.

    Raises:
        IndexError: the figure has no axes yet.
    """
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    colour = INK if source == "measured" else ACCENT
    figure.axes[0].set_title(PROVENANCE[source], loc="left", fontsize=8, color=colour, pad=8)


def number_log_axes(axes: Axes, most: int = 9) -> None:
    """Plain numbers on the logarithmic axes, at 1, 2, 5 or fewer of each power of ten.

    Args:
        axes: with everything drawn.
        most: how many numbers there is room for.
    """
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        if axis.get_scale() != "log":
            continue
        decades = math.log10(limits[1] / limits[0])
        per_decade = next((n for n in (3, 2) if n * decades <= most), 1)
        axis.set_major_locator(LogLocator(subs=_NUMBERED[per_decade]))
        axis.set_major_formatter(FuncFormatter(lambda value, _position: plain(value)))
        axis.set_minor_formatter(NullFormatter())


def plain(value: float) -> str:
    """A number with three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
