"""The DynaSplit policy: least energy within the threshold, else the fastest.

With an energy tolerance: of what costs about as little, the fastest, since differences within the
meter's error tell nothing, and what is faster has more room for a slow run.
"""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Summary
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policies.base import Policy, least_energy_staircase


def build(
    front: ParetoFront,
    *,
    quantile: float = 0.5,
    margin: float = 0.0,
    energy_tolerance: float = 0.0,
    min_accuracy: float | None = None,
) -> Policy:
    """The policy on a front.

    Args:
        front: what to choose from.
        quantile: the share of a configuration's repeats that the threshold must allow; 0.5 is
            the median. Of a single run, every quantile is that run.
        margin: the threshold must exceed that latency by this share of it.
        energy_tolerance: what needs more than the least energy by up to this share of it counts
            as good as the least.
        min_accuracy: only configurations of at least this accuracy (or fidelity, where that was
            measured instead) are chosen.

    Raises:
        ConfigurationError: an option is out of range, or no configuration is accurate enough.
    """
    if not 0 <= quantile <= 1:
        raise ConfigurationError(f"policy.quantile is {quantile}; allowed: 0 to 1")
    if not 0 <= margin < 10:
        raise ConfigurationError(f"policy.margin is {margin}; allowed: 0 to 10 (a share)")
    if not 0 <= energy_tolerance < 1:
        raise ConfigurationError(
            f"policy.energy_tolerance is {energy_tolerance}; allowed: 0 to 1 (a share)"
        )
    eligible = _accurate(front, min_accuracy)
    guards = [_quantile(s, quantile) * (1 + margin) for s in eligible]
    fastest_ms = min(s.latency_ms for s in eligible)
    return least_energy_staircase("dynasplit", eligible, guards, fastest_ms, energy_tolerance)


def _accurate(front: ParetoFront, least: float | None) -> Sequence[Summary]:
    if least is None:
        return front.summaries
    if not 0 <= least <= 1:
        raise ConfigurationError(f"policy.min_accuracy is {least}; allowed: 0 to 1")
    if front.quality is None:
        raise ConfigurationError(
            f"policy.min_accuracy is {least}; neither accuracy nor fidelity was measured"
        )
    eligible = [s for s in front.summaries if s.quality is not None and s.quality >= least]
    if not eligible:
        best = max(s.quality or 0.0 for s in front.summaries)
        raise ConfigurationError(
            f"policy.min_accuracy is {least}; the front's best {front.quality} is {best:g}"
        )
    return eligible


def _quantile(summary: Summary, share: float) -> float:
    """A quantile of the repeats' latency, linear between neighbours."""
    runs = summary.latencies_ms
    if share == 0.5 or len(runs) < 2:
        return summary.latency_ms
    place = share * (len(runs) - 1)
    low = min(int(place), len(runs) - 2)
    return runs[low] + (place - low) * (runs[low + 1] - runs[low])
