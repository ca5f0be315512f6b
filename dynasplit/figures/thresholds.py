"""Which configuration was chosen for which threshold: its split point, and its frequency."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dynasplit.core.served_request import ServedRequest
from dynasplit.figures import style
from dynasplit.figures.series import KINDS, Floats, Origin, kind_of

_FREQUENCY = "cpu_mhz"
_MOST = 2000
_MAP = "cividis"
"""A map of colours that grows brighter evenly, so that grey tells as much."""


def draw(
    path: Path, served: Sequence[ServedRequest], last_split_point: int, origin: Origin
) -> Path | None:
    """Thresholds against choices, coloured by frequency and by kind of split; None: none served.

    Args:
        path: of the file.
        served: one policy's requests.
        last_split_point: of the network.
        origin: of the numbers.
    """
    rows = served[:: max(1, -(-len(served) // _MOST))]
    if not rows:
        return None
    threshold_ms = np.array([row.threshold_ms for row in rows])
    chosen = [row.measurement.configuration for row in rows]
    points = np.array([one.split_point for one in chosen])
    mhz = np.array([one.get(_FREQUENCY) or np.nan for one in chosen], dtype=np.float64)
    kinds = np.array([kind_of(int(point), last_split_point) for point in points])
    has_frequency = bool(np.isfinite(mhz).all())
    with style.figure(path, style.COLUMN_IN, 4.2 if has_frequency else 2.8) as figure:
        count = 2 if has_frequency else 1
        every = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
        if has_frequency:
            _frequencies(every[1], threshold_ms, mhz, kinds)
        _points(figure, every[0], threshold_ms, points, kinds, mhz if has_frequency else None)
        every[0].set_ylim(-0.6, last_split_point + 0.6)
        every[0].yaxis.set_major_locator(MaxNLocator(8, integer=True))
        every[0].set_ylabel("split point chosen")
        every[-1].set_xscale("log")
        every[-1].set_xlim(*style.log_limits(threshold_ms.tolist()))
        every[-1].set_xlabel("threshold of the request (ms)")
        style.number_log_axes(every[-1], most=4)
        handles, labels = every[-1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
        title = f"{origin.network}: what {rows[0].policy} chose"
        style.head(figure, title, origin.source, origin.remarks)
    return path


def _points(
    figure: Figure,
    axes: Axes,
    threshold_ms: Floats,
    points: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.str_],
    mhz: Floats | None,
) -> None:
    """Split points, coloured by frequency where that is known, else by kind."""
    limits = None if mhz is None else (float(mhz.min()) - 1, float(mhz.max()) + 1)
    drawn = None
    for kind in KINDS:
        mine = kinds == kind
        if not mine.any():
            continue
        shown: dict[str, Any] = {"color": style.KIND_COLOURS[kind], "label": kind}
        if mhz is not None and limits is not None:
            shown = {"c": mhz[mine], "cmap": _MAP, "vmin": limits[0], "vmax": limits[1]}
        drawn = axes.scatter(
            threshold_ms[mine],
            points[mine],
            s=22,
            marker=style.KIND_MARKERS[kind],
            edgecolors=style.INK,
            linewidths=0.4,
            alpha=0.9,
            **shown,
        )
    if mhz is not None and drawn is not None and len(set(mhz.tolist())) > 1:
        bar = figure.colorbar(drawn, ax=axes, pad=0.02)
        bar.set_label("CPU frequency (MHz)")


def _frequencies(
    axes: Axes,
    threshold_ms: Floats,
    mhz: Floats,
    kinds: npt.NDArray[np.str_],
) -> None:
    """Frequencies, coloured by kind of split."""
    for kind in KINDS:
        mine = kinds == kind
        if mine.any():
            axes.scatter(
                threshold_ms[mine],
                mhz[mine],
                s=20,
                marker=style.KIND_MARKERS[kind],
                color=style.KIND_COLOURS[kind],
                edgecolors=style.INK,
                linewidths=0.4,
                alpha=0.9,
                label=kind,
            )
    axes.margins(y=0.2)
    axes.set_yticks(sorted(set(mhz.tolist())))
    axes.set_ylabel("CPU frequency (MHz)")
