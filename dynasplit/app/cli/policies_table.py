"""The terminal's table of the policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from dynasplit.core.provenance import SMALL_J, significant

# The titles of the columns that a run without energy does not have; one space tells two apart.
_ENERGY = ("energy\nmedian", "\nmean ", "saved, of\ncloud_only %")
_RATE = "requests\na second"


def intervals_words(blocks: Mapping[str, Mapping[str, Any]]) -> str:
    """What stands below the figures of the table."""
    told = "Below met, mean energy and saving: their 95 % intervals over requests"
    images = sorted({block["images"] for block in blocks.values() if block.get("images")})
    if images:
        told += f"; below {_measured(blocks)}: over {images[-1]:,.0f} images"
    return told + "."


def policies_table(
    blocks: Mapping[str, Mapping[str, Any]], title: str = "Policies", with_rates: bool = False
) -> Table:
    """The policies' block of summary.json as a table, with inferences a second if asked.

    Below the shares met, mean energies and savings stand their 95 % intervals.
    """
    quality = _measured(blocks)
    energies = [e for b in blocks.values() if (e := b["energy_j"]["mean"]) is not None]
    unit = "mJ" if energies and max(energies) < SMALL_J else "J"
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,  # lines between columns would cost a tenth of a hundred
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("policy", no_wrap=True)
    rows = {name: _cells(block, quality, unit) for name, block in blocks.items()}
    hidden = _ENERGY if not energies else ()
    hidden = hidden if quality != "quality" else (*hidden, quality)
    hidden = hidden if with_rates else (*hidden, _RATE)
    shown = [column for column in next(iter(rows.values()), {}) if column not in hidden]
    for column in shown:
        table.add_column(column.strip(" ").replace("energy", f"energy {unit}"), justify="right")
    for name, row in rows.items():
        table.add_row(name, *(row[column] for column in shown))
    return table


def _measured(blocks: Mapping[str, Mapping[str, Any]]) -> str:
    """Which quality was measured; `quality`: none."""
    found = [q for q in ("accuracy", "fidelity") if any(q in b for b in blocks.values())]
    return found[0] if found else "quality"


def _cells(block: Mapping[str, Any], quality: str, unit: str) -> Mapping[str, str]:
    """A policy's figures by their column's title; energies in a unit."""
    latency, energy, spans = block["latency_ms"], block["energy_j"], block["confidence_95"]
    saved, saved_pct = spans["energy_saving_vs_cloud_pct"], block["energy_saving_vs_cloud_pct"]
    return {
        "met %": _number(block["met_pct"], 1) + _between(spans["met_pct"]),
        "latency\nmedian": shown_ms(latency["median"]),
        "ms\nmean": shown_ms(latency["mean"]),
        _ENERGY[0]: _energy(energy["median"], unit),
        _ENERGY[1]: _energy(energy["mean"], unit) + _energies_between(spans["energy_j_mean"], unit),
        _RATE: _number(block.get("throughput_rps", {}).get("median"), 2),
        quality: _quality(block, quality),
        _ENERGY[2]: _number(saved_pct, 1) + _between(saved),
    }


def _quality(block: Mapping[str, Any], name: str) -> str:
    """A share of images, and its interval."""
    bounds = block["confidence_95"].get(name)
    share = block.get(name)
    below = "" if bounds is None else "\n" + _joined(f"{100 * b:.0f}" for b in bounds) + " %"
    return "-" if share is None else f"{100 * share:.1f} %{below}"


def _between(bounds: Sequence[float] | None) -> str:
    """An interval in a line of its own; empty: there is none."""
    if bounds is None:
        return ""
    digits = 0 if max(map(abs, bounds)) > 100 else 1
    return "\n" + _joined(f"{bound:.{digits}f}".removesuffix(".0") for bound in bounds)


def _energies_between(bounds_j: Sequence[float] | None, unit: str) -> str:
    if bounds_j is None:
        return ""
    if bounds_j[0] == bounds_j[1]:
        return "\nall alike"
    return "\n" + _joined(_energy(bound, unit) for bound in bounds_j)


def _joined(bounds: Iterable[str]) -> str:
    """An interval's bounds; one of them where both are shown alike."""
    return "..".join(dict.fromkeys(bounds))


def _energy(value_j: float | None, unit: str) -> str:
    """An energy in a unit, with three digits that say something."""
    if value_j is None:
        return "-"
    return significant(1000 * value_j if unit == "mJ" else value_j)


def shown_ms(value: float | None) -> str:
    """A latency; short ones with two digits that say something."""
    return _number(value, 1) if value is None or value >= 1 else f"{value:.2g}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
