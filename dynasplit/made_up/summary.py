"""What searches of made-up testbeds come to: by algorithm, family, and against each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit.made_up.searches import Found

Floats = npt.NDArray[np.float64]
PERCENTS = (5, 10, 20)
FIRST = 9
"""Measurements after which a search has little more than the corners."""
WORSE = 0.02
GRID_PCT: Floats = np.arange(0.5, 30.01, 0.5)
_RESAMPLED, _SEED = 2000, 1


def blocks(every: Iterable[Found]) -> dict[str, Any]:
    """By algorithm: over all testbeds, and by family; shares of what the best choice reaches.

    Each block has `testbeds`, and for each stage (after 9 measurements, after 5, 10, 20 % of the
    space, at least 15) the `median` with its 95 % interval (bootstrap over testbeds), the 10th
    percentile `p10`, and `searches`, how many came so far; None: none did. A testbed counts once,
    by the mean over its seeds.
    """
    by_algorithm: dict[str, list[Found]] = {}
    for one in every:
        by_algorithm.setdefault(one.task.algorithm, []).append(one)
    found = {}
    for name, mine in by_algorithm.items():
        families = dict.fromkeys(one.family for one in mine)
        found[name] = {
            "all": _block(mine),
            "families": {f: _block([one for one in mine if one.family == f]) for f in families},
        }
    return found


def stages(one: Found) -> dict[str, float | None]:
    """A search's share at each stage."""
    told: dict[str, float | None] = {f"measurements_{FIRST}": one.at(FIRST)}
    return told | {f"pct_{percent}": one.after(percent) for percent in PERCENTS}


def curves(every: Sequence[Found]) -> dict[str, dict[str, list[float | None]]]:
    """By algorithm, over all searches: median and 10th percentile of their shares.

    Once against the share of the space that is measured, once against the share of the testbed
    time that measuring all of it would take; both in `pct`. Where most searches have ended there
    is nothing.
    """
    told: dict[str, dict[str, list[float | None]]] = {}
    for name in dict.fromkeys(one.task.algorithm for one in every):
        mine = [one for one in every if one.task.algorithm == name]
        counted = np.array(
            [_along(one, np.arange(1, len(one.shares) + 1) / one.size) for one in mine]
        )
        timed = np.array([_along(one, one.spent_s / one.whole_s) for one in mine])
        told[name] = {"pct": list(map(float, GRID_PCT))}
        for kind, values in (("measured", counted), ("time", timed)):
            is_known = np.isfinite(values).mean(axis=0) > 0.5
            for word, share in (("median", 0.5), ("p10", 0.1)):
                found = np.where(is_known, _quantile(values, share), np.nan)
                told[name][f"{kind}_{word}"] = [
                    float(v) if np.isfinite(v) else None for v in found.tolist()
                ]
    return told


def _along(one: Found, places: Floats) -> Floats:
    """A search's shares at the grid's places; NaN: before it began, and after it ended."""
    at = np.searchsorted(100 * places, GRID_PCT, side="right") - 1
    is_over = 100 * places[-1] < GRID_PCT
    return np.where((at < 0) | is_over, np.nan, one.shares[np.maximum(at, 0)])


def _quantile(values: Floats, share: float) -> Floats:
    """By column, of what is known."""
    return np.array(
        [
            np.quantile(c[np.isfinite(c)], share) if np.isfinite(c).any() else np.nan
            for c in values.T
        ]
    )


def against(every: Sequence[Found], name: str, other: str) -> dict[str, Any]:
    """One algorithm less another one, testbed by testbed, means over their seeds.

    Returns:
        For each stage the median difference, and the share of testbeds in pct where it is worse
        by more than .02; None: no testbed has both.
    """
    mine, theirs = (
        _by_testbed([one for one in every if one.task.algorithm == which])
        for which in (name, other)
    )
    told: dict[str, Any] = {}
    for stage in mine:
        both = sorted(mine[stage].keys() & theirs.get(stage, {}).keys())
        less = np.array([mine[stage][n] - theirs[stage][n] for n in both])
        told[stage] = {
            "testbeds": len(both),
            "median": float(np.median(less)) if len(less) else None,
            "worse_pct": 100 * float(np.mean(less < -WORSE)) if len(less) else None,
        }
    return told


def _block(some: Sequence[Found]) -> dict[str, Any]:
    by_stage = _by_testbed(some)
    told: dict[str, Any] = {"testbeds": len({one.task.number for one in some})}
    for stage, shares in by_stage.items():
        told[stage] = _figures(np.array(list(shares.values())))
    return told


def _by_testbed(some: Sequence[Found]) -> dict[str, dict[int, float]]:
    """Of each stage, the mean over the seeds of each testbed that has it."""
    gathered: dict[str, dict[int, list[float]]] = {}
    for one in some:
        for stage, share in stages(one).items():
            if share is not None:
                gathered.setdefault(stage, {}).setdefault(one.task.number, []).append(share)
    return {
        stage: {number: float(np.mean(shares)) for number, shares in mine.items()}
        for stage, mine in gathered.items()
    }


def _figures(shares: Floats) -> dict[str, Any]:
    """Median, its interval, 10th percentile of testbeds' shares (t,)."""
    random = np.random.default_rng(_SEED)
    drawn = np.median(random.choice(shares, (_RESAMPLED, len(shares))), axis=1)
    return {
        "testbeds": len(shares),
        "median": float(np.median(shares)),
        "median_95": np.quantile(drawn, [0.025, 0.975]).tolist() if len(shares) > 1 else None,
        "p10": float(np.quantile(shares, 0.1)),
    }
