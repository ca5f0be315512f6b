"""The spread between runs of one configuration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dynasplit.tables import RunsTable
from hosts.emulation.hardware import Noise

# Beyond it a run is an outlier; spread between runs is 0.2 to 5 % (arXiv 2410.23881's runs).
_OUTLIER = 0.10
_UNKNOWN = Noise()


def fit_noise(runs: RunsTable, has_energy: bool) -> Noise:
    """Noise from repeats; without repeats it is not known, and none.

    Args:
        runs: the table.
        has_energy: whether power can be had from energy and latency.
    """
    repeated = runs.counts > 1
    if not repeated.any():
        return _UNKNOWN
    latency = _deviations(runs, np.log(runs.columns["latency_ms"]))
    power = np.zeros(1)
    if has_energy:
        power = _deviations(runs, np.log(runs.columns["energy_j"] / runs.columns["latency_ms"]))
    slow = latency[latency > _OUTLIER]
    return Noise(
        run_latency_cv=_spread(latency),
        run_power_cv=_spread(power),
        outlier_rate=len(slow) / len(latency),
        outlier_max=float(np.expm1(np.quantile(slow, 0.9))) if len(slow) else 0.0,
    )


def _deviations(runs: RunsTable, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each repeated run's deviation from its configuration's median, widened for few repeats."""
    found = []
    for i in np.flatnonzero(runs.counts > 1).tolist():
        mine = values[runs.rows_of(i)]
        widened = np.sqrt(len(mine) / (len(mine) - 1))
        found.append((mine - np.median(mine)) * widened)
    return np.concatenate(found)


def _spread(deviations: npt.NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(deviations)))
