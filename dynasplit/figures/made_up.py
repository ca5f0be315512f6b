"""Search algorithms on made-up testbeds: shares of what the best choice of as many reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dynasplit.figures.style import LINES, PAGE_IN, figure, head

_PANELS = (
    ("measured", "space measured (%)"),
    ("time", "testbed time (% of all)"),
)
_MARKERS = "osD^vPX"


def draw(
    path: Path,
    curves: Mapping[str, Mapping[str, Sequence[float | None]]],
    families: Mapping[str, Mapping[str, float | None]],
    about: str,
) -> Path:
    """Medians and 10th percentiles over searches, and medians by family after a tenth.

    Args:
        path: of the file.
        curves: by algorithm, as `dynasplit.made_up.summary.curves` gives them.
        families: by algorithm, the median of each family; None: no search came so far.
        about: how many testbeds and seeds.
    """
    names = list(curves)
    said = f"no such hosts exist: {about}; lines: median over searches, thin: 10th percentile"
    with figure(path, PAGE_IN, 3.4) as made:
        axes = made.subplots(1, 3, gridspec_kw={"width_ratios": (1, 1, 0.9)})
        for (kind, label), one in zip(_PANELS, axes[:2], strict=True):
            for (colour, dashes), name in zip([*LINES, *LINES], names, strict=False):
                told = curves[name]
                median, low = (_numbers(told[f"{kind}_{word}"]) for word in ("median", "p10"))
                one.plot(told["pct"], median, color=colour, linestyle=dashes, label=name)
                one.plot(told["pct"], low, color=colour, linestyle=dashes, lw=0.6, alpha=0.7)
            one.set_xlabel(label)
            one.set_ylim(0.4, 1.02)
        axes[0].set_ylabel("hypervolume, of the best choice's")
        axes[1].legend(loc="lower right", fontsize="small")
        rows = list(dict.fromkeys(f for mine in families.values() for f in mine))
        for (colour, _), marker, name in zip([*LINES, *LINES], _MARKERS, names, strict=False):
            values = _numbers([families[name].get(row) for row in rows])
            axes[2].plot(values, range(len(rows)), marker, color=colour, ms=4, alpha=0.8)
        axes[2].set_yticks(range(len(rows)), [row.replace("_", " ") for row in rows])
        axes[2].invert_yaxis()
        axes[2].set_xlabel("median after 10 %")
        axes[2].grid(axis="y", lw=0.3)
        head(made, "Searches of made-up testbeds, by their truth", "modelled", said)
    return path


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]
