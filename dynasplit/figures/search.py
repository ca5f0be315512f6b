"""The search's figure: hypervolume against measurements and against testbed time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.figures import style
from dynasplit.figures.series import Floats, Origin
from dynasplit.front.dominance import HypervolumeScale, non_dominated, objectives

_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


@dataclass(frozen=True)
class Course:
    """How far a search had come after each new configuration (n,).

    Attributes:
        share: hypervolume of what was measured so far, of all that was measured in the end, each
            configuration valued by the median of all its runs. front_size: of it.
        time_s: of the testbed, repeats between them included; None: some run's is not known.
    """

    share: Floats
    front_size: Floats
    time_s: Floats | None


def course_of(runs: Sequence[Measurement]) -> Course:
    """The course of a search.

    Args:
        runs: in the order of the search, of which there is at least one.

    Raises:
        DataError: the runs have no objective that can be compared.
    """
    points = objectives(summarise(runs))
    if not np.isfinite(points).all():
        raise DataError("runs whose figures are not finite have no hypervolume")
    scale = HypervolumeScale.of(points)
    place_of = {run.configuration: place for place, run in reversed(list(enumerate(runs)))}
    first = sorted(place_of.values())
    shares, sizes = [], []
    kept = points[:0]
    for place in range(len(points)):
        together = np.vstack([kept, points[place : place + 1]])
        kept = together[non_dominated(together)]
        sizes.append(float(len(kept)))
        shares.append(scale.share(kept))
    costs = [run.testbed_time_s for run in runs]
    known = [cost for cost in costs if cost is not None]
    time_s = np.cumsum(known)[first] if len(known) == len(costs) else None
    return Course(np.array(shares), np.array(sizes), time_s)


def draw(path: Path, runs: Sequence[Measurement], origin: Origin) -> Path | None:
    """Draw the course; None: there are no two configurations."""
    course = course_of(runs)
    if len(course.share) < 2:
        return None
    with style.figure(path, style.PAGE_IN, 2.7) as figure:
        count = 1 if course.time_s is None else 2
        every = figure.subplots(1, count, sharey=True, squeeze=False)[0]
        at = np.arange(1.0, len(course.share) + 1)
        _steps(every[0], at, course, is_last=count == 1)
        every[0].set_xlabel("configurations measured")
        every[0].set_ylabel("hypervolume, of the\nmeasured front's own")
        every[0].set_ylim(0, 1.03)
        if course.time_s is not None:
            scale_s, unit = next(u for u in _UNITS if course.time_s[-1] > 2 * u[0] or u[0] == 1)
            _steps(every[1], course.time_s / scale_s, course, is_last=True)
            every[1].set_xlabel(f"testbed time ({unit})")
        style.head(figure, f"{origin.network}: the search", origin.source, origin.remarks)
    return path


def _steps(axes: Axes, at: Floats, course: Course, *, is_last: bool) -> None:
    """The hypervolume, and the size of the front on an axis of its own."""
    axes.step(at, course.share, where="post", color=style.ACCENT, linewidth=1.5)
    other = axes.twinx()
    looks: dict[str, Any] = {"color": style.PLAIN, "linewidth": 1.1, "linestyle": (0, (4, 2))}
    other.step(at, course.front_size, where="post", **looks)
    other.set_ylim(0, 1.35 * float(course.front_size.max()))
    other.grid(visible=False)
    other.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    other.tick_params(right=is_last, labelright=is_last)
    if is_last:
        other.set_ylabel("configurations on\nthe front (dashed)")
        other.spines["right"].set_visible(True)
