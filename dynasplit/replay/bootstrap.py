"""Bootstrap confidence intervals of shares and means, without the single requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit.online.policy_figures import Distribution, PolicyFigures

LEVEL = 0.95
RESAMPLES = 1000


def intervals(
    figures: Mapping[str, PolicyFigures], seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """95 % percentile intervals [low, high] of each policy's share of requests met and means.

    Drawing a request anew, with replacement, is drawing anew which value it has: the counts of
    values are multinomial, which is the same bootstrap as with single requests.

    Returns:
        By policy: `met_pct`, `latency_ms_mean`, `energy_j_mean`, `accuracy` or `fidelity`.
    """
    random = np.random.default_rng([seed, 20])
    return {name: _of_policy(found, random, resamples) for name, found in figures.items()}


def _of_policy(
    figures: PolicyFigures, random: np.random.Generator, resamples: int
) -> dict[str, Any]:
    n = figures.requests
    found: dict[str, Any] = {
        "met_pct": _percentiles(100 / n * random.binomial(n, figures.met / n, resamples)),
        "latency_ms_mean": _of_mean(figures.latency_ms, random, resamples),
    }
    if figures.energy_j:
        found["energy_j_mean"] = _of_mean(figures.energy_j, random, resamples)
    if figures.quality and figures.quality_name:
        found[figures.quality_name] = _of_mean(figures.quality, random, resamples)
    return found


def _of_mean(found: Distribution, random: np.random.Generator, resamples: int) -> list[float]:
    occurred = found.counts > 0
    values, counts = found.values[occurred], found.counts[occurred]
    drawn = random.multinomial(found.total, counts / found.total, resamples)
    return _percentiles(drawn @ values / found.total)


def _percentiles(values: npt.NDArray[np.floating[Any]]) -> list[float]:
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    return [float(v) for v in np.quantile(values, tails)]
