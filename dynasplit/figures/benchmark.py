"""The benchmark's figure: hypervolume against evaluations and testbed time, by search algorithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynasplit.core.measurement import Source
from dynasplit.figures.style import PAGE_IN, figure, head

# Okabe and Ito's colours, https://jfly.uni-koeln.de/color/
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def draw(
    path: Path,
    algorithms: Mapping[str, Mapping[str, Sequence[Any]]],
    source: Source,
    filled: int = 0,
    remarks: str = "",
) -> Path:
    """Medians over the seeds with quartile bands.

    Args:
        path: of the PNG.
        algorithms: by name, the lists of `benchmark.json`.
        source: of the runs that answered.
        filled: how many configurations had no run, and were predicted.
        remarks: what else to know of the runs.
    """
    also = f"{filled} configurations predicted by a profile fitted to them" if filled else ""
    also = "\n".join(filter(None, (also, remarks)))
    with figure(path, PAGE_IN, 3.6) as made:
        left, right = made.subplots(1, 2, sharey=True)
        for colour, (name, lists) in zip(_COLOURS * 3, algorithms.items(), strict=False):
            hours = [None if s is None else s / 3600 for s in lists["testbed_time_s_median"]]
            for axes, places in ((left, lists["evaluations"]), (right, hours)):
                if any(place is None for place in places):
                    continue
                axes.plot(places, lists["hypervolume_median"], color=colour, label=name)
                bands = (lists["hypervolume_q25"], lists["hypervolume_q75"])
                axes.fill_between(places, *bands, color=colour, alpha=0.2, lw=0)
        left.set_xlabel("configurations measured")
        right.set_xlabel("testbed time (h)")
        left.set_ylabel("hypervolume, share of the full grid's")
        left.set_ylim(0.5, 1.02)
        left.legend(loc="lower right", title="median, quartiles over seeds")
        head(made, "Search: how much of the front is found, at what cost", source, also)
    return path
