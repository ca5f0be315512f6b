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
from dynasplit.core.intervals import Pairs, of_mean, of_saving
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
        `energy_j_mean` and `energy_saving_vs_cloud_pct` (None: not known), `confidence_95`, the
        95 % intervals of both over requests, and `meters_95`, those that meters and windows leave
        to both; or `lacks`, in words.
    """
    by_policy: dict[str, list[Measurement]] = {}
    numbers: dict[str, list[int]] = {}
    for row in served:
        by_policy.setdefault(row.policy, []).append(row.measurement)
        numbers.setdefault(row.policy, []).append(row.request)
    told: dict[str, dict[str, Any]] = {}
    for name, rule in told_accountings(own).items():
        told[name] = {"label": rule.label, "meaning": rule.meaning}
        try:
            seen = {p: viewed(mine, rule, idle_w) for p, mine in by_policy.items()}
        except DataError as error:
            told[name]["lacks"] = str(error)
            continue
        means = {policy: _mean_j(mine) for policy, mine in seen.items()}
        energies_j = {
            policy: {n: m.energy_j for n, m in zip(numbers[policy], mine, strict=True)}
            for policy, mine in seen.items()
        }
        parts = {policy: _parts(mine, rule) for policy, mine in seen.items()}
        told[name]["policies"] = {
            policy: {
                "energy_j_mean": mean_j,
                "energy_saving_vs_cloud_pct": _saving_pct(mean_j, means.get(BASELINE)),
                "confidence_95": _over_requests(energies_j[policy], energies_j.get(BASELINE, {})),
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


def _over_requests(
    mine_j: Mapping[int, float | None], baseline_j: Mapping[int, float | None]
) -> dict[str, list[float] | None]:
    """The 95 % intervals over requests of a mean energy, and of what it saves."""
    values = np.array([j for j in mine_j.values() if j is not None], dtype=np.float64)
    if len(values) < len(mine_j):
        return {"energy_j_mean": None, "energy_saving_vs_cloud_pct": None}
    ones = np.ones(len(values), dtype=np.int64)
    saving = None
    cloud = [j for n in mine_j if (j := baseline_j.get(n)) is not None]
    if len(cloud) == len(values):
        saving = of_saving(Pairs(values, np.array(cloud, dtype=np.float64), ones))
    mean = of_mean(values, ones)
    return {
        "energy_j_mean": None if mean is None else list(mean),
        "energy_saving_vs_cloud_pct": None if saving is None else [100 * s for s in saving],
    }


def _mean_j(measurements: Sequence[Measurement]) -> float | None:
    """None where some have none."""
    energies = [m.energy_j for m in measurements if m.energy_j is not None]
    return statistics.fmean(energies) if len(energies) == len(measurements) else None


def _saving_pct(mean_j: float | None, cloud_j: float | None) -> float | None:
    return None if mean_j is None or not cloud_j else 100 * (1 - mean_j / cloud_j)
