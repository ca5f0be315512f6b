"""Writes what searches of made-up testbeds came to: `benchmark.json`, and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dynasplit.app.report.outputs import write_json
from dynasplit.figures import draw_made_up_figure
from dynasplit.made_up.searches import Found
from dynasplit.made_up.summary import against, blocks, curves


class MadeUpResults(NamedTuple):
    """By algorithm the shares that it reached; by `one-other` how two compare."""

    algorithms: Mapping[str, Mapping[str, Any]]
    pairs: Mapping[str, Mapping[str, Any]]


def write_made_up(
    folder: Path, found: Sequence[Found], algorithms: Sequence[str], asked: Mapping[str, Any]
) -> MadeUpResults:
    """Write table and figure; the first algorithm is compared with each other one.

    Args:
        folder: of the results.
        found: every search.
        algorithms: their names.
        asked: what was asked for, to be written too.

    Raises:
        ResultsError: the folder cannot be written.
    """
    told = blocks(found)
    first, *others = algorithms
    pairs = {f"{first}-{other}": against(found, first, other) for other in others}
    by_family = {name: _after_a_tenth(block["families"]) for name, block in told.items()}
    testbeds = len({one.task.number for one in found})
    about = f"{testbeds} testbeds, {len(found)} searches"
    draw_made_up_figure(folder / "benchmark.png", curves(found), by_family, about)
    write_json(
        folder / "benchmark.json",
        {**asked, "algorithms": told, "against": pairs, "searches": list(map(_row, found))},
    )
    return MadeUpResults(told, pairs)


def _row(one: Found) -> dict[str, Any]:
    return {
        "testbed": one.task.number,
        "family": one.family,
        "size": one.size,
        "algorithm": one.task.algorithm,
        "seed": one.task.seed,
        "shares": one.shares.round(6).tolist(),
        "testbed_time_s": one.spent_s.round(3).tolist(),
    }


def _after_a_tenth(families: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """The median after 10 % of the space, by family."""
    return {family: block.get("pct_10", {}).get("median") for family, block in families.items()}
