"""The knobs' figure: shares of each knob's values among measured configurations and the front."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from dynasplit.core.measurement import Summary
from dynasplit.core.space import KnobValue
from dynasplit.figures import style
from dynasplit.front.pareto_front import ParetoFront
from hosts.knobs.base import describe

_HEIGHT, _WIDE, _COLUMNS = 0.38, 26, 3


@dataclass(frozen=True)
class Shares:
    """One knob of the configurations of a run.

    Attributes:
        title: what the knob is.
        values: in words, from the slowest to the fastest (v,).
        measured_pct: share of the measured configurations that have each value (v,).
        front_pct: share of the front's (v,).
    """

    title: str
    values: tuple[str, ...]
    measured_pct: tuple[float, ...]
    front_pct: tuple[float, ...]


def shares_of(measured: Sequence[Summary], front: ParetoFront) -> list[Shares]:
    """The shares of every knob that had a choice of values."""
    every = [*measured, *front.summaries]
    found = []
    for name, _ in every[0].configuration.knobs:
        knob = describe(name)
        values = knob.ordered(_values(every, name))
        if len(values) < 2:
            continue
        found.append(
            Shares(
                f"{name}: {knob.meaning}",
                tuple(knob.shown(value) or str(value) for value in values),
                _percents(measured, name, values),
                _percents(front.summaries, name, values),
            )
        )
    return found


def draw(
    path: Path, measured: Sequence[Summary], front: ParetoFront, remarks: str = ""
) -> Path | None:
    """Draw each knob's shares side by side; None: no knob had a choice.

    Raises:
        ResultsError: the file cannot be written.
    """
    found = shares_of(measured, front)
    if not found:
        return None
    most = max(len(shares.values) for shares in found)
    columns = min(_COLUMNS, len(found))
    rows = -(-len(found) // columns)
    with style.figure(path, style.PAGE_IN, 0.8 + (0.8 + 0.32 * most) * rows) as figure:
        axes = figure.subplots(rows, columns, squeeze=False).flatten()
        for place in axes[len(found) :]:
            place.set_visible(False)
        for place, shares in zip(axes, found, strict=False):
            _bars(place, shares)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        title = f"{front.model or 'Unnamed network'}: knob values measured, and on the front"
        style.head(figure, title, front.source, remarks)
    return path


def _bars(axes: Axes, shares: Shares) -> None:
    rows = np.arange(len(shares.values))
    axes.barh(rows - _HEIGHT / 2, shares.measured_pct, _HEIGHT, color=style.FAINT, label="measured")
    axes.barh(
        rows + _HEIGHT / 2, shares.front_pct, _HEIGHT, color=style.ACCENT, label="on the front"
    )
    axes.set_yticks(rows, shares.values)
    axes.set_xlim(0, 100)
    axes.grid(visible=False, axis="y")
    told = textwrap.fill(shares.title, _WIDE)
    axes.set_xlabel(f"% of configurations\n\n{told}", fontsize=8)


def _values(summaries: Sequence[Summary], name: str) -> list[KnobValue]:
    return [v for s in summaries if (v := s.configuration.get(name)) is not None]


def _percents(
    summaries: Sequence[Summary], name: str, values: Sequence[KnobValue]
) -> tuple[float, ...]:
    has = _values(summaries, name)
    return tuple(100 * has.count(value) / max(1, len(summaries)) for value in values)
