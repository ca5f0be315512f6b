"""The DynaSplit policy: least energy within the threshold, else the fastest.

With an energy tolerance: of what costs about as little, the fastest, since differences within the
meter's error tell nothing, and what is faster has more room for a slow run. Who may be chosen is
said here; the choice for a threshold is a look-up in a `_staircase`.
"""

from __future__ import annotations

from collections.abc import Sequence

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Summary
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.equal_quality import compared
from dynasplit.online.policies._staircase import least_energy_staircase
from dynasplit.online.policies.base import Policy


def build(
    front: ParetoFront,
    *,
    quantile: float = 0.5,
    margin: float = 0.0,
    energy_tolerance: float = 0.0,
    max_accuracy_loss: float | None = None,
    min_fidelity: float | None = None,
) -> Policy:
    """The policy on a front.

    Args:
        front: what to choose from.
        quantile: the share of a configuration's repeats that the threshold must allow; 0.5 is
            the median. Of a single run, every quantile is that run.
        margin: the threshold must exceed that latency by this share of it.
        energy_tolerance: what needs more than the least energy by up to this share of it counts
            as good as the least.
        max_accuracy_loss: what is less accurate than cloud_only by more points, with the whole 95 %
            interval of the difference, is not chosen; None: accuracy excludes nothing.
        min_fidelity: what has less fidelity is not chosen; None: fidelity excludes nothing.

    Raises:
        ConfigurationError: an option is out of range, or no configuration is good enough.
    """
    if not 0 <= quantile <= 1:
        raise ConfigurationError(f"policy.quantile is {quantile}; allowed: 0 to 1")
    if not 0 <= margin < 10:
        raise ConfigurationError(f"policy.margin is {margin}; allowed: 0 to 10 (a share)")
    if not 0 <= energy_tolerance < 1:
        raise ConfigurationError(
            f"policy.energy_tolerance is {energy_tolerance}; allowed: 0 to 1 (a share)"
        )
    eligible = _good_enough(front, max_accuracy_loss, min_fidelity)
    guards = [_quantile(s, quantile) * (1 + margin) for s in eligible]
    fastest_ms = min(s.latency_ms for s in eligible)
    return least_energy_staircase("dynasplit", eligible, guards, fastest_ms, energy_tolerance)


def _good_enough(
    front: ParetoFront, most_points: float | None, least: float | None
) -> Sequence[Summary]:
    eligible = list(front.summaries)
    if most_points is not None:
        if not 0 <= most_points <= 100:
            raise ConfigurationError(
                f"policy.max_accuracy_loss is {most_points}; allowed: 0 to 100 (points)"
            )
        worse = [c for c in compared(front, most_points) if c.verdict == "worse"]
        eligible = [s for s in eligible if all(s is not c.summary for c in worse)]
        if not eligible:
            best = max(c.points for c in worse)
            raise ConfigurationError(
                f"policy.max_accuracy_loss is {most_points:g}; the front's best is {-best:.2g} "
                "points below cloud_only. Allow a larger loss"
            )
    return eligible if least is None else _faithful(front, eligible, least)


def _faithful(front: ParetoFront, eligible: Sequence[Summary], least: float) -> Sequence[Summary]:
    if not 0 <= least <= 1:
        raise ConfigurationError(f"policy.min_fidelity is {least}; allowed: 0 to 1")
    known = [s.fidelity for s in front.summaries if s.fidelity is not None]
    if len(known) < len(front.summaries):
        raise ConfigurationError(f"policy.min_fidelity is {least}; fidelity was not measured")
    faithful = [s for s in eligible if s.fidelity is not None and s.fidelity >= least]
    if not faithful:
        raise ConfigurationError(
            f"policy.min_fidelity is {least}; the front's best fidelity is {max(known):g}"
        )
    return faithful


def _quantile(summary: Summary, share: float) -> float:
    """A quantile of the repeats' latency, linear between neighbours."""
    runs = summary.latencies_ms
    if share == 0.5 or len(runs) < 2:
        return summary.latency_ms
    place = share * (len(runs) - 1)
    low = min(int(place), len(runs) - 2)
    return runs[low] + (place - low) * (runs[low + 1] - runs[low])
