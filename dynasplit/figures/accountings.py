"""The figure of a run's energy under each accounting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dynasplit.figures import style
from dynasplit.figures.series import Origin

_OWN = "dynasplit"
_SAVED = "in brackets: saved, of cloud_only's, and its 95 % interval over requests"
_METERS = "±: 95 % of what meters and windows leave open"


def draw(
    path: Path, told: Mapping[str, Mapping[str, Any]], own: str, origin: Origin
) -> Path | None:
    """Each policy's mean energy, a panel for each accounting; None: none is known.

    Args:
        path: the file.
        told: as `online.headlines.headlines` gives it.
        own: the name of the accounting by which configurations were chosen.
        origin: of the numbers.
    """
    known = {
        name: one["policies"]
        for name, one in told.items()
        if "policies" in one
        and all(p["energy_j_mean"] is not None for p in one["policies"].values())
    }
    if not known:
        return None
    policies = list(next(iter(known.values())))
    columns = min(2, len(known))
    rows = -(-len(known) // columns)
    height_in = (0.3 * len(policies) + 0.65) * rows + 0.8
    with style.figure(path, style.PAGE_IN, height_in) as figure:
        every = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten()
        for axes in every[len(known) :]:
            axes.set_visible(False)
        for axes, (name, blocks) in zip(every, known.items(), strict=False):
            _bars(axes, [blocks[policy] for policy in policies], policies)
            label = told[name]["label"]
            axes.set_xlabel(f"J, {label}" + (" (choices are by it)" if name == own else ""))
        every[0].set_yticks(range(len(policies)), policies)
        every[0].invert_yaxis()
        style.head(
            figure,
            f"{origin.network}: mean energy of a request, by accounting",
            origin.source,
            "\n".join(
                filter(None, [origin.remarks, _SAVED, _METERS if _has_meters(known) else ""])
            ),
        )
    return path


def _has_meters(known: Mapping[str, Mapping[str, Any]]) -> bool:
    blocks = [block for policies in known.values() for block in policies.values()]
    return any((b.get("meters_95") or {}).get("energy_j_mean") is not None for b in blocks)


def _bars(axes: Axes, blocks: list[Mapping[str, Any]], policies: list[str]) -> None:
    means_j = np.array([block["energy_j_mean"] for block in blocks])
    colours = [style.ACCENT if name == _OWN else style.PLAIN for name in policies]
    bars = axes.barh(range(len(policies)), means_j, color=colours)
    texts = [_text(block) for block in blocks]
    axes.bar_label(bars, texts, padding=3, fontsize=8)
    axes.set_xlim(0, 2.1 * float(means_j.max()))  # room for what is said of each
    axes.grid(visible=False, axis="y")


def _text(block: Mapping[str, Any]) -> str:
    mean = style.plain(block["energy_j_mean"])
    span_j = (block.get("meters_95") or {}).get("energy_j_mean")
    if span_j is not None and block["energy_j_mean"] > 0:
        mean += f" ±{50 * (span_j[1] - span_j[0]) / block['energy_j_mean']:.2g} %"
    saving_pct = block["energy_saving_vs_cloud_pct"]
    if saving_pct is None:
        return mean
    bounds = (block.get("confidence_95") or {}).get("energy_saving_vs_cloud_pct")
    if bounds is None or round(bounds[0]) == round(bounds[1]):
        return f"{mean}  ({round(saving_pct):+d} %)"
    return f"{mean}  ({round(saving_pct):+d} %, {round(bounds[0]):+d}..{round(bounds[1]):+d})"
