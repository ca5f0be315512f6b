"""The conditions' figure: each condition over the run's measurements, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dynasplit.core.measurement import Measurement
from dynasplit.figures import style
from dynasplit.figures.series import Floats, Origin
from hosts.conditions.base import describe, in_order

_LABEL: dict[str, Any] = {"ha": "right", "va": "top"}


def series_of(runs: Sequence[Measurement]) -> dict[str, Floats]:
    """Each condition's values (n,) by its label; NaN: not known at that measurement."""
    rows = [run.conditions for run in runs]
    keys = in_order({key for row in rows for key in row})
    return {_label(key): np.array([row.get(key, np.nan) for row in rows]) for key in keys}


def draw(path: Path, runs: Sequence[Measurement], origin: Origin) -> Path | None:
    """Draw them one below the other; None: nothing was observed.

    Raises:
        ResultsError: the file cannot be written.
    """
    found = series_of(runs)
    if not found:
        return None
    with style.figure(path, style.PAGE_IN, 0.9 + 1.3 * len(found)) as figure:
        axes = np.atleast_1d(figure.subplots(len(found), 1, sharex=True))
        for place, (label, values) in zip(axes, found.items(), strict=True):
            place.plot(values, ".", markersize=3, color=style.INK)
            place.annotate(
                label, (1, 1), (-2, -2), "axes fraction", "offset points", **_LABEL, fontsize=8
            )
            place.margins(y=0.15)
            low, high = place.get_ylim()
            place.set_ylim(low, high + 0.3 * (high - low))  # room for the label
        axes[-1].set_xlabel("measurement, in the order of the run")
        title = f"{origin.network}: conditions around the measurements"
        style.head(figure, title, origin.source, origin.remarks)
    return path


def _label(key: str) -> str:
    where, _, name = key.partition("_")
    condition = describe(key)
    meaning, unit = (condition.meaning, condition.unit) if condition else (name, "")
    return f"{where}: {meaning}{f' ({unit})' if unit else ''}"
