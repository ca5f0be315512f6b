"""A magnified inset where a figure's points crowd."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from dynasplit.figures import style

Points = npt.NDArray[np.float64]

_LEAST_CROWD, _GAP, _WIDEST = 6, 0.06, 0.25
_SIZES = ((0.46, 0.34), (0.5, 0.28), (0.46, 0.24), (0.4, 0.22))


def magnified(
    axes: Axes, points: Points, others: Points, line: Points
) -> tuple[Axes, frozenset[int]] | None:
    """Axes within the axes, over an empty part, that show the largest crowd of points larger.

    Args:
        axes: with logarithmic or linear scales, limits settled.
        points: (n, 2) in the units of the axes, of which the crowd is looked for.
        others: (m, 2), which must not be covered either.
        line: (k, 2), the corners of a line that must not be covered.

    Returns:
        The inner axes, empty, and which points they show; or None where nothing crowds or there
        is no room.
    """
    crowd = _crowd(_places(axes, points))
    if crowd is None:
        return None
    filled = [_places(axes, np.vstack([points, others])), _along(_places(axes, line))]
    place = _empty(np.vstack(filled))
    if place is None:
        return None
    inner = axes.inset_axes(place)
    low, high = points[crowd].min(axis=0), points[crowd].max(axis=0)
    margin = 0.12 * (high - low)
    inner.set_xlim(low[0] - margin[0], high[0] + margin[0])
    inner.set_ylim(low[1] - margin[1], high[1] + margin[1])
    inner.set_autoscale_on(False)
    inner.tick_params(labelsize=7)
    for spine in inner.spines.values():
        spine.set(visible=True, color=style.PLAIN, linewidth=0.6)
    axes.indicate_inset_zoom(inner, edgecolor=style.PLAIN, linewidth=0.6)
    return inner, frozenset(crowd.tolist())


def _places(axes: Axes, points: Points) -> Points:
    """Points (n, 2) as shares of the axes' width and height."""
    return np.asarray((axes.transData + axes.transAxes.inverted()).transform(points))


def _crowd(places: Points) -> npt.NDArray[np.intp] | None:
    """The largest group of neighbours along x, if it is large in number and small in extent."""
    order = np.argsort(places[:, 0])
    breaks = np.flatnonzero(np.diff(places[order, 0]) > _GAP) + 1
    largest = max(np.split(order, breaks), key=len)
    extent = np.ptp(places[largest], axis=0)
    small = (extent < _WIDEST).all() and (extent > 0).all()
    return largest if len(largest) >= _LEAST_CROWD and small else None


def _along(corners: Points) -> Points:
    """Points all along a line, given its corners (k, 2)."""
    at = np.linspace(0, len(corners) - 1, 50 * len(corners))
    index = np.arange(len(corners))
    return np.column_stack([np.interp(at, index, corners[:, i]) for i in (0, 1)])


def _empty(places: Points) -> tuple[float, float, float, float] | None:
    """The largest empty place (x, y, width, height) among some; None: there is none."""
    for width, height in _SIZES:
        for x in np.arange(0.1, 0.985 - width, 0.02):
            for y in np.arange(0.1, 0.985 - height, 0.02):
                # Its numbers stand to the left of it and below.
                inside = (places > (x - 0.06, y - 0.07)) & (places < (x + width, y + height))
                if not inside.all(axis=1).any():
                    return float(x), float(y), width, height
    return None
