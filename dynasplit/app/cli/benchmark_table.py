"""The table of search algorithms on made-up testbeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

_STAGES = {
    "measurements_9": "9 measured",
    "pct_5": "5 %",
    "pct_10": "10 %",
    "pct_20": "20 %",
}


def benchmark_table(
    algorithms: Mapping[str, Mapping[str, Any]], pairs: Mapping[str, Mapping[str, Any]]
) -> Table:
    """A row for each algorithm, and for each difference of two.

    Args:
        algorithms: as in `benchmark.json`: shares of what the best choice of as many reaches.
        pairs: likewise, by `one-other`.
    """
    table = Table(title=_TITLE, title_justify="left", title_style="bold")
    table.add_column("search")
    for label in _STAGES.values():
        table.add_column(label, justify="right")
    for name, block in algorithms.items():
        table.add_row(name, *(_shares(block["all"].get(stage)) for stage in _STAGES))
    for name, block in pairs.items():
        table.add_row(name, *(_difference(block.get(stage)) for stage in _STAGES))
    return table


_TITLE = (
    "Made-up testbeds, no such hosts exist\n"
    "Hypervolume by the truth, as a share of what the best choice of as many reaches\n"
    "median, its 95 % interval, 10th percentile; of differences: median, how many are worse"
)


def _shares(block: Mapping[str, Any] | None) -> str:
    if block is None:
        return "-"
    bounds = block["median_95"]
    between = "" if bounds is None else f"{bounds[0]:.3f}..{bounds[1]:.3f}"
    return f"{block['median']:.3f}\n{between}\n{block['p10']:.3f}"


def _difference(block: Mapping[str, Any] | None) -> str:
    if block is None or block["median"] is None:
        return "-"
    return f"{block['median']:+.3f}\n{block['worse_pct']:.0f} % by > .02"
