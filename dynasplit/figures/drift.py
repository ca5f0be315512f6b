"""The figure of the control configuration: how far its runs lie off its first ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator

from dynasplit.figures import style
from dynasplit.figures.series import Origin
from dynasplit.testbed.controls import FIRST, ControlRun, medians

_MARKERS = "os^DvP"


def deviations_of(runs: Sequence[ControlRun]) -> dict[str, list[float]]:
    """Each figure's deviation from the median of the first runs, in percent (n,).

    NaN where a run does not have the figure.
    """
    base = medians(runs[:FIRST])
    return {
        name: [100 * (run.figures.get(name, np.nan) / first - 1) for run in runs]
        for name, first in base.items()
        if first
    }


def draw(path: Path, runs: Sequence[ControlRun], origin: Origin) -> Path | None:
    """Draw them; None: there is no run after the first ones that they could be compared with."""
    found = deviations_of(runs)
    if len(runs) < 2 or not found:
        return None
    with style.figure(path, style.COLUMN_IN, 2.9) as figure:
        axes = figure.add_subplot()
        axes.axvspan(-0.5, min(FIRST, len(runs)) - 0.5, color=style.FAINT, alpha=0.25, linewidth=0)
        axes.axhline(0, color=style.PLAIN, linewidth=0.8)
        for place, (name, percent) in enumerate(found.items()):
            colour, dashes = style.LINES[place % len(style.LINES)]
            axes.plot(
                percent,
                linestyle=dashes,
                color=colour,
                marker=_MARKERS[place % len(_MARKERS)],
                markersize=4,
                linewidth=1,
                label=_label(name),
            )
        doubtful = [place for place, run in enumerate(runs) if run.doubtful]
        if doubtful:
            worst = [max((v[p] for v in found.values()), key=abs) for p in doubtful]
            axes.plot(
                doubtful,
                worst,
                "o",
                markersize=10,
                markerfacecolor="none",
                color=style.INK,
                label="out of its gate",
            )
        axes.set_xlim(-0.5, len(runs) - 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.margins(y=0.2)
        axes.set_ylabel("off the first runs' median (%)")
        axes.set_xlabel(f"run of the control (grey: the first {FIRST})")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        words = "\n".join(filter(None, (runs[0].configuration, origin.remarks)))
        style.head(figure, f"{origin.network}: drift of the control", origin.source, words)
    return path


def _label(figure: str) -> str:
    if figure == "latency_ms":
        return "latency"
    return f"energy, {figure.removesuffix('_j').replace('_', ' ')}".removesuffix(", energy")
