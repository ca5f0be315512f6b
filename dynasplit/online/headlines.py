"""The headline of a run under each accounting of energy: the same requests, counted otherwise."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dynasplit.accounting import Accounting, build, name_in
from dynasplit.accounting._view import NO_IDLE, viewed
from dynasplit.accounting.base import Role
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.online.policy_figures import BASELINE
from dynasplit.uncertainty.means import MeanParts, mean_parts, told_95

PLAIN = ("occupied", "active", "wall")
"""The accountings that need no choice of anybody's."""


def told_accountings(own: Accounting) -> dict[str, Accounting]:
    """The run's own, and those without options, by name."""
    plain = {name: build(name) for name in PLAIN}
    return {name_of(own): own} | {n: rule for n, rule in plain.items() if n != name_of(own)}


def name_of(rule: Accounting) -> str:
    """An accounting's name, without its options."""
    return name_in(rule.label)


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
        By the name of an accounting: `label`, `meaning`, and either `policies`, each with
        `energy_j_mean` and `energy_saving_vs_cloud_pct` (None: not known) and `meters_95`, the 95 %
        intervals that meters and windows leave to both, or `lacks`, in words.
    """
    by_policy: dict[str, list[Measurement]] = {}
    for row in served:
        by_policy.setdefault(row.policy, []).append(row.measurement)
    told: dict[str, dict[str, Any]] = {}
    for name, rule in told_accountings(own).items():
        told[name] = {"label": rule.label, "meaning": rule.meaning}
        try:
            seen = {p: viewed(mine, rule, idle_w) for p, mine in by_policy.items()}
        except DataError as error:
            told[name]["lacks"] = str(error)
            continue
        means = {policy: _mean_j(mine) for policy, mine in seen.items()}
        parts = {policy: _parts(mine, rule) for policy, mine in seen.items()}
        told[name]["policies"] = {
            policy: {
                "energy_j_mean": mean_j,
                "energy_saving_vs_cloud_pct": _saving_pct(mean_j, means.get(BASELINE)),
                "meters_95": told_95(parts[policy], parts.get(BASELINE)),
            }
            for policy, mean_j in means.items()
        }
    return told


def _parts(measurements: Sequence[Measurement], rule: Accounting) -> MeanParts | None:
    """Of the mean; requests of one configuration rest on the same windows, and count as one."""
    groups: dict[tuple[Any, ...], list[Measurement]] = {}
    for m in measurements:
        key = m.configuration, m.energy_j, *sorted(m.uncertainty.items())
        groups.setdefault(key, []).append(m)
    counts = np.array([len(group) for group in groups.values()], dtype=np.int64)
    return mean_parts([group[0] for group in groups.values()], rule, counts)


def _mean_j(measurements: Sequence[Measurement]) -> float | None:
    """None where some have none."""
    energies = [m.energy_j for m in measurements if m.energy_j is not None]
    return statistics.fmean(energies) if len(energies) == len(measurements) else None


def _saving_pct(mean_j: float | None, cloud_j: float | None) -> float | None:
    return None if mean_j is None or not cloud_j else 100 * (1 - mean_j / cloud_j)
