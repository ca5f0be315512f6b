"""The terminal's table of a run's headline under each accounting of energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from dynasplit.online.policy_figures import BASELINE

_OWN = "dynasplit"
_ALIKE_PCT = 0.5
"""Savings that are shown as 0 %."""


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
    meters = "±: 95 % of what meters and windows leave open; below a saving: 95 % over requests"
    told_below = [chosen, meters if any(span["energy_j_mean"] for span in spans) else ""]
    table.caption = "\n".join(filter(None, told_below)) or None
    table.caption_justify = "left"
    return table


def lacking_lines(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each accounting that the measurements lack something for."""
    return [f"Not known by energy={n}: {one['lacks']}" for n, one in told.items() if "lacks" in one]


def winner_lines(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """By each accounting, whether cloud_only or dynasplit needs less, and how much is idle power.

    Nothing without both policies; without `active`, idle power is not told apart.
    """
    known = {name: one["policies"] for name, one in told.items() if "policies" in one}
    lines = []
    for name, blocks in known.items():
        if not {_OWN, BASELINE} <= blocks.keys() or blocks[_OWN]["energy_j_mean"] is None:
            continue
        idle = [
            f"{100 * (1 - added_j / all_j):.0f} % of {policy}'s"
            for policy in (BASELINE, "edge_only")
            if (all_j := _mean_j(blocks, policy))
            and (added_j := _mean_j(known.get("active", {}), policy)) is not None
        ]
        why = f"; idle power is {' and '.join(idle)}" if idle and name != "active" else ""
        lines.append(f"By {told[name]['label']} {_verdict(blocks)}{why}")
    return lines


def _verdict(blocks: Mapping[str, Any]) -> str:
    """Who needs less; the intervals of saving and means have to leave no doubt."""
    mine_j, cloud_j = _mean_j(blocks, _OWN), _mean_j(blocks, BASELINE)
    told = {_OWN: _shown(mine_j), BASELINE: _shown(cloud_j)}
    meters = blocks[_OWN].get("meters_95") or {}
    requests = blocks[_OWN].get("confidence_95") or {}
    spans = [s for one in (meters, requests) if (s := one.get("energy_saving_vs_cloud_pct"))]
    saving_pct = blocks[_OWN]["energy_saving_vs_cloud_pct"] or 0.0
    if (
        abs(saving_pct) < _ALIKE_PCT
        or any(low <= 0 <= high for low, high in spans)
        or any(_may_be_nothing(blocks[policy]) for policy in (_OWN, BASELINE))
    ):
        both = f"{told[_OWN]} and {told[BASELINE]} a request"
        return f"{_OWN} and {BASELINE} are not told apart ({both})"
    less, more = (_OWN, BASELINE) if saving_pct > 0 else (BASELINE, _OWN)
    return f"{less} needs less than {more} ({told[less]} and {told[more]} a request)"


def _may_be_nothing(block: Mapping[str, Any]) -> bool:
    """True if meters leave it open whether there is any energy at all."""
    span_j = (block.get("meters_95") or {}).get("energy_j_mean")
    return span_j is not None and bool(span_j[0] <= 0)


def _shown(mean_j: float | None) -> str:
    """In three digits, below 1 J in mJ."""
    if mean_j is None:
        return "-"
    return f"{mean_j:.3g} J" if mean_j >= 1 else f"{1000 * mean_j:.3g} mJ"


def _mean_j(blocks: Mapping[str, Any], policy: str) -> float | None:
    found: float | None = blocks.get(policy, {}).get("energy_j_mean")
    return found


def _cell(block: Mapping[str, Any]) -> str:
    mean_j, saving_pct = block["energy_j_mean"], block["energy_saving_vs_cloud_pct"]
    if mean_j is None:
        return "-"
    shown = _shown(mean_j)
    span_j = (block.get("meters_95") or {}).get("energy_j_mean")
    if span_j is not None and mean_j > 0:
        shown += f" ±{50 * (span_j[1] - span_j[0]) / mean_j:.2g} %"
    if saving_pct is None:
        return shown
    return f"{shown}, {round(saving_pct):+d} %{_between(block)}"


def _between(block: Mapping[str, Any]) -> str:
    """The interval of a saving over requests, on a line of its own; where all are alike, none."""
    bounds = (block.get("confidence_95") or {}).get("energy_saving_vs_cloud_pct")
    if bounds is None or round(bounds[0]) == round(bounds[1]):
        return ""
    return f"\n{round(bounds[0]):+d}..{round(bounds[1]):+d} %"
