"""Robust fits of power while computing and while waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Line = tuple[float, float]
# Half of the power away from what holds a line weighs as one run that is 1 % off.
_HOLD = 0.02
# How much larger residuals are forgiven at first.
_COARSE = (25.0, 10.0, 5.0, 2.5)


@dataclass(frozen=True, eq=False)
class Spent:
    """The edge's energy in runs of one accelerator mode.

    Attributes:
        ghz: frequency of each (n,).
        active_ms: computing the head (n,).
        waiting_ms: for the link and the cloud (n,).
        energy_j: the edge's (n,).
    """

    ghz: Floats
    active_ms: Floats
    waiting_ms: Floats
    energy_j: Floats


def fit_edge_powers(
    spent: Mapping[str, Spent], scale: float = 0.02
) -> tuple[dict[str, Line], dict[str, Line]]:
    """Active and waiting power by mode, each (W, W per GHz).

    A mode's lines are held weakly by those of all modes, which decides what its own runs leave
    open (waiting power, where a mode was only measured edge-only).

    Args:
        spent: runs by mode.
        scale: a relative residual beyond it counts less and less.
    """
    together = Spent(*(np.concatenate(p) for p in zip(*map(_parts, spent.values()), strict=True)))
    watts = float(np.median(together.energy_j / (together.active_ms + together.waiting_ms))) * 1000
    all_modes = _fit(together, np.array([watts, 0.0, watts, 0.0]), scale)
    fitted = {mode: _fit(mine, all_modes, scale) for mode, mine in spent.items()}
    return _lines(fitted, 0), _lines(fitted, 2)


def fit_all_powers(
    spent: Mapping[str, Spent], tails_ms: Mapping[str, tuple[Floats, Floats]], scale: float = 0.02
) -> tuple[dict[str, Line], dict[str, Line], tuple[float, float]]:
    """The same where only the sum of both hosts' energy was measured, and the cloud's power.

    Args:
        spent: runs by mode, with the sum of both hosts' energy.
        tails_ms: by mode the tail's time on the GPU (n,) and on the CPU (n,); 0: not there.
        scale: a relative residual beyond it counts less and less.

    Returns:
        The edge's lines as `fit_edge_powers`, and the cloud's (W on the GPU, W on the CPU).
    """
    modes = list(spent)
    rows = [_design(spent[mode]) for mode in modes]
    tails = np.concatenate([np.stack(tails_ms[mode], axis=1) for mode in modes]) / 1000
    design = np.zeros((len(tails), 4 * len(modes) + 2))
    design[:, -2:] = tails
    start = 0
    for i, block in enumerate(rows):
        design[start : start + len(block), 4 * i : 4 * i + 4] = block
        start += len(block)
    energy_j = np.concatenate([spent[mode].energy_j for mode in modes])
    here = design[:, :-2].sum(axis=1) > 0
    local = here & (tails.sum(axis=1) == 0)
    watts = float(
        np.median((energy_j / design[:, :-2:2].sum(axis=1))[local if local.any() else here])
    )
    held = np.tile([watts, 0.0], 2 * len(modes))
    cloud_w = float(np.median(energy_j[~local] / np.maximum(tails[~local].sum(axis=1), 1e-9)))
    fitted = _robust(design, energy_j, np.append(held, [cloud_w, cloud_w]), scale)
    by_mode = {mode: fitted[4 * i : 4 * i + 4] for i, mode in enumerate(modes)}
    return _lines(by_mode, 0), _lines(by_mode, 2), (float(fitted[-2]), float(fitted[-1]))


def _lines(fitted: Mapping[str, Floats], first: int) -> dict[str, Line]:
    return {mode: (float(p[first]), float(p[first + 1])) for mode, p in fitted.items()}


def _parts(spent: Spent) -> tuple[Floats, Floats, Floats, Floats]:
    return spent.ghz, spent.active_ms, spent.waiting_ms, spent.energy_j


def _design(spent: Spent) -> Floats:
    active_s, waiting_s = spent.active_ms / 1000, spent.waiting_ms / 1000
    return np.stack([active_s, active_s * spent.ghz, waiting_s, waiting_s * spent.ghz], axis=1)


def _fit(spent: Spent, held: Floats, scale: float) -> Floats:
    """(active W, W per GHz, waiting W, W per GHz)."""
    return _robust(_design(spent), spent.energy_j, held, scale)


def _robust(design: Floats, energy_j: Floats, held: Floats, scale: float) -> Floats:
    """Powers (p,), none below 0, under a Cauchy loss; held (p,) decides what is left open.

    The loss forgives outliers only little by little, so that it does not settle on a part of
    the runs before it has seen what most of them say.
    """
    from scipy.optimize import nnls

    hold = np.diag(_HOLD / np.where(held > 0, np.maximum(held, held.max() / 10), held.max()))
    rows, sums = np.vstack([design, hold]), np.append(energy_j, hold @ held)
    n, powers = len(design), held
    for coarse in (*_COARSE, 1.0):
        for _ in range(60):
            residuals = np.log(energy_j / np.maximum(design @ powers, 1e-12))
            weights = 1 / (energy_j * np.sqrt(1 + (residuals / (coarse * scale)) ** 2))
            np.multiply(design, weights[:, None], out=rows[:n])
            np.multiply(energy_j, weights, out=sums[:n])
            updated, _ = nnls(rows, sums)
            if (np.abs(updated - powers) <= 1e-9 + 1e-6 * np.abs(powers)).all():
                break
            powers = updated
    return np.asarray(powers)
