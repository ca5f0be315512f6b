"""The headline of a run under each accounting of energy: the same requests, counted otherwise."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dynasplit.accounting import Accounting, build
from dynasplit.accounting._view import NO_IDLE, viewed
from dynasplit.accounting.base import Role
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.online.policy_figures import BASELINE

PLAIN = ("occupied", "active", "wall")
"""The accountings that need no choice of anybody's."""


def told_accountings(own: Accounting) -> dict[str, Accounting]:
    """The run's own, and those without options, by label."""
    return {rule.label: rule for rule in (own, *(build(name) for name in PLAIN))}


def headlines(
    served: Iterable[ServedRequest],
    own: Accounting,
    idle_w: Mapping[Role, float] = NO_IDLE,
) -> dict[str, dict[str, Any]]:
    """Mean energy and saving of each policy's requests, as they were served.

    Args:
        served: by every policy; choices were made by the run's own accounting.
        own: that one.
        idle_w: idle power of hosts, where measurements have none.

    Returns:
        By the label of an accounting: `meaning`, and either `policies`, each with `energy_j_mean`
        and `energy_saving_vs_cloud_pct` (None: not known), or `lacks`, in words.
    """
    by_policy: dict[str, list[Measurement]] = {}
    for row in served:
        by_policy.setdefault(row.policy, []).append(row.measurement)
    told: dict[str, dict[str, Any]] = {}
    for label, rule in told_accountings(own).items():
        told[label] = {"meaning": rule.meaning}
        try:
            means = {n: _mean_j(viewed(mine, rule, idle_w)) for n, mine in by_policy.items()}
        except DataError as error:
            told[label]["lacks"] = str(error)
            continue
        told[label]["policies"] = {
            name: {
                "energy_j_mean": mean_j,
                "energy_saving_vs_cloud_pct": _saving_pct(mean_j, means.get(BASELINE)),
            }
            for name, mean_j in means.items()
        }
    return told


def _mean_j(measurements: Sequence[Measurement]) -> float | None:
    """None where some have none."""
    energies = [m.energy_j for m in measurements if m.energy_j is not None]
    return statistics.fmean(energies) if len(energies) == len(measurements) else None


def _saving_pct(mean_j: float | None, cloud_j: float | None) -> float | None:
    return None if mean_j is None or not cloud_j else 100 * (1 - mean_j / cloud_j)
