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
    if own in known and len(known) > 1:
        table.caption = "* by this one configurations were chosen"
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
    return shown if saving_pct is None else f"{shown}, {saving_pct:+.0f} %"
