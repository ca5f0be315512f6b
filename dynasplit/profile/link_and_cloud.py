"""Robust fits of link and cloud times, interpolated over split points without runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dynasplit.profile.lines import cauchy

Floats = npt.NDArray[np.float64]


def fit_link(tensor_kb: Floats, transfer_ms: Floats, scale: float = 0.05) -> tuple[float, float]:
    """The link's (ms, ms per KB), both at least 0, under a Cauchy loss of relative residuals.

    The best line through two split points' medians is polished on all the transfers (n,).
    """
    from scipy.optimize import nnls

    sizes = np.unique(tensor_kb)
    middle = np.array([np.median(transfer_ms[tensor_kb == size]) for size in sizes])
    lines = [(float(np.median(transfer_ms)), 0.0)]
    for i, j in zip(*np.triu_indices(len(sizes), 1), strict=True):
        slope = (middle[j] - middle[i]) / (sizes[j] - sizes[i])
        lines.append((max(0.0, float(middle[i] - slope * sizes[i])), max(0.0, float(slope))))
    best = min(lines, key=lambda line: _loss(line, tensor_kb, transfer_ms, scale))
    design = np.column_stack([np.ones_like(tensor_kb), tensor_kb])
    for _ in range(60):
        residuals = _residuals(best, tensor_kb, transfer_ms)
        weights = 1 / (transfer_ms * np.sqrt(1 + (residuals / scale) ** 2))
        solution, _ = nnls(design * weights[:, None], transfer_ms * weights)
        trial = (float(solution[0]), float(solution[1]))
        if _loss(trial, tensor_kb, transfer_ms, scale) >= _loss(
            best, tensor_kb, transfer_ms, scale
        ):
            break
        best = trial
    return best


def between(known: Mapping[int, float], split_points: Sequence[int]) -> dict[int, float]:
    """Values at all these split points: the known ones, and linear ones between neighbours."""
    at = sorted(known)
    values = np.interp(split_points, at, [known[k] for k in at])
    return {k: float(v) for k, v in zip(split_points, values, strict=True)}


def medians(keys: Sequence[int], values: Floats) -> dict[int, float]:
    """Each distinct key's median of its values; keys (n,), values (n,)."""
    held = np.array(keys)
    return {int(k): float(np.median(values[held == k])) for k in np.unique(held)}


def _residuals(line: tuple[float, float], kb: Floats, ms: Floats) -> Floats:
    return np.asarray(np.log(ms / np.maximum(line[0] + line[1] * kb, 1e-9)))


def _loss(line: tuple[float, float], kb: Floats, ms: Floats, scale: float) -> float:
    return float(cauchy(_residuals(line, kb, ms), scale).sum())
