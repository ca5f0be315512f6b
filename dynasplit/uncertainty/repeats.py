"""The 95 % interval of a configuration's energy: instruments, and the spread between its runs.

Runs of one configuration are few, and single ones are outliers, so that the relative spread is
pooled over all configurations that were measured more than once (GUM 4.2.4), by the median of their
deviations, and widened as Student's t for few of them. It holds what each window leaves open by
itself; the instruments' errors are the same in all windows, and no repeat makes them smaller. Where
nothing was repeated, the interval is that of the window alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from dynasplit.core.grouped import by_configuration
from dynasplit.core.intervals import Interval
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.uncertainty.measurements import HostParts, Parts, parts_of, widths_j

_OF_MEDIANS = math.sqrt(math.pi / 2)
"""How much further off the median of many runs is than their mean."""
_NORMAL = 1.959964
_TO_DEVIATION = 1.4826


class Spread(NamedTuple):
    """The pooled relative spread between runs.

    Attributes:
        relative: standard deviation of a run. freedom: degrees of freedom that it is known with.
    """

    relative: float
    freedom: int

    def u_j(self, energy_j: float, runs: int) -> float:
        """The standard uncertainty of the median of so many runs, widened for few repeats."""
        from scipy.special import stdtrit

        widened = float(stdtrit(self.freedom, 0.975)) / _NORMAL
        median = _OF_MEDIANS if runs > 2 else 1.0
        return self.relative * energy_j * median * widened / math.sqrt(runs)


def spread_of(runs: Iterable[Sequence[float]]) -> Spread | None:
    """The pooled spread of energies by configuration; None: none was measured again."""
    repeated = [np.asarray(energies) for energies in runs if len(energies) > 1]
    if not repeated:
        return None
    off = [np.abs(one / one.mean() - 1) * math.sqrt(len(one) / (len(one) - 1)) for one in repeated]
    freedom = sum(len(one) - 1 for one in repeated)
    return Spread(_TO_DEVIATION * float(np.median(np.concatenate(off))), freedom)


def configuration_intervals(
    runs: Iterable[Measurement], those: Iterable[Configuration]
) -> Mapping[Configuration, Interval]:
    """The 95 % intervals of the median energies of some configurations.

    Args:
        runs: all, also of other configurations: their spread counts.
        those: the ones wanted.

    Returns:
        Without those of which nothing is known but one run of unknown uncertainty.
    """
    groups = by_configuration(run for run in runs if run.energy_j is not None)
    energies = {c: [m.energy_j or 0.0 for m in ms] for c, ms in groups.items()}
    spread = spread_of(energies.values())
    found: dict[Configuration, tuple[float, Parts]] = {}
    for configuration in those:
        if configuration not in energies:
            continue
        median_j = float(np.median(energies[configuration]))
        parts = _parts(groups[configuration], median_j, spread)
        if parts is not None:
            found[configuration] = median_j, parts
    halves = widths_j([parts for _, parts in found.values()])
    return {
        configuration: (max(0.0, median_j - half_j), median_j + half_j)
        for (configuration, (median_j, _)), half_j in zip(found.items(), halves, strict=True)
    }


def _parts(runs: Sequence[Measurement], median_j: float, spread: Spread | None) -> Parts | None:
    """Of the run next to the median, with the spread between runs in place of the window's own."""
    middle = min(runs, key=lambda m: abs((m.energy_j or 0.0) - median_j))
    parts = parts_of(middle)
    if spread is None:
        return parts
    edge, cloud = parts or (HostParts(), HostParts())
    between = HostParts(edge.reading, edge.range, normal=spread.u_j(median_j, len(runs)))
    return between, HostParts(cloud.reading, cloud.range)
