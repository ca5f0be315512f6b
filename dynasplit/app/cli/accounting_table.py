"""The terminal's table of a run's headline under each accounting of energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def accounting_table(told: Mapping[str, Mapping[str, Any]], own: str, title: str) -> Table:
    """Mean energy of a request and what it saves against cloud_only, a row for each policy.

    Args:
        told: as `online.headlines.headlines` gives it.
        own: the name of the accounting by which configurations were chosen.
        title: of the table.
    """
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("policy")
    known = {name: one["policies"] for name, one in told.items() if "policies" in one}
    for name in known:
        label = told[name]["label"]
        table.add_column(f"{label} *" if name == own else label, justify="right")
    for policy in next(iter(known.values()), {}):
        table.add_row(policy, *(_cell(one[policy]) for one in known.values()))
    chosen = "* by this one configurations were chosen" if own in known and len(known) > 1 else ""
    spans = [b["meters_95"] for one in known.values() for b in one.values() if "meters_95" in b]
    meters = "±: 95 % of what meters and windows leave open"
    told_below = [chosen, meters if any(span["energy_j_mean"] for span in spans) else ""]
    table.caption = "\n".join(filter(None, told_below)) or None
    table.caption_justify = "left"
    return table


def lacking_lines(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each accounting that the measurements lack something for."""
    return [f"Not known by energy={n}: {one['lacks']}" for n, one in told.items() if "lacks" in one]


def _cell(block: Mapping[str, Any]) -> str:
    mean_j, saving_pct = block["energy_j_mean"], block["energy_saving_vs_cloud_pct"]
    if mean_j is None:
        return "-"
    shown = f"{mean_j:.3g} J" if mean_j >= 1 else f"{1000 * mean_j:.3g} mJ"
    span_j = (block.get("meters_95") or {}).get("energy_j_mean")
    if span_j is not None and mean_j > 0:
        shown += f" ±{50 * (span_j[1] - span_j[0]) / mean_j:.2g} %"
    return shown if saving_pct is None else f"{shown}, {saving_pct:+.0f} %"
