"""Places text labels without overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from dynasplit.figures import style

Offsets = Sequence[tuple[float, float]]
# Where a label may stand, in points from its marker: nearest first.
NEAR: Offsets = [
    *((9, 9), (9, -9), (-9, -9), (-9, 9), (13, 0)),
    *((12, 16), (-12, -16), (12, -16), (-12, 16)),
]
FAR: Offsets = [(x, y) for y in (-14, 14, -24, 24, -34, 34) for x in (-8, 8, 16)]


def note(
    axes: Axes, point: tuple[float, float], text: str, taken: list[Bbox], offsets: Offsets
) -> bool:
    """Write beside a point, at the first place where the text covers nothing.

    Args:
        axes: drawn, limits settled.
        point: in the axes' units; nothing is written if a part of it is NaN.
        text: what.
        taken: in pixels, what must not be covered; the text's own place is added.
        offsets: the places that may be tried.

    Returns:
        Whether there was such a place.
    """
    if any(np.isnan(point)):
        return False
    for x, y in offsets:
        made = axes.annotate(
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
        made.get_window_extent()  # places it
        box = Text.get_window_extent(made).padded(3)  # the text alone, without its leader
        inside = axes.get_window_extent()
        within = inside.x0 < box.x0 and box.x1 < inside.x1
        within = within and inside.y0 < box.y0 and box.y1 < inside.y1
        if within and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return True
        made.remove()
    return False
