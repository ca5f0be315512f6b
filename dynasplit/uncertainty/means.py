"""The 95 % intervals that meters leave to a mean energy of requests, and to a saving.

What instruments are off by is the same for all requests, and partly for those of a baseline; what
windows leave open is each one's own, and grows small in a mean. How requests differ from each other
is another matter (`core.intervals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dynasplit.accounting import Accounting
from dynasplit.core.intervals import Interval
from dynasplit.core.measurement import Measurement
from dynasplit.uncertainty.measurements import parts_of
from dynasplit.uncertainty.propagation import half_width


@dataclass(frozen=True, eq=False)
class MeanParts:
    """Of a mean energy.

    Attributes:
        mean_j: the mean.
        instruments_j: half-widths of the rectangular errors by reading and by range, edge and
            cloud (2, 2).
        variance_j2: of all that differs from window to window.
    """

    mean_j: float
    instruments_j: npt.NDArray[np.float64]
    variance_j2: float

    def interval(self) -> Interval:
        """Of the mean."""
        half_j = half_width(self.instruments_j.ravel().tolist(), self.variance_j2**0.5)
        return max(0.0, self.mean_j - half_j), self.mean_j + half_j

    def saving_pct(self, baseline: MeanParts) -> Interval | None:
        """Of what is saved against a baseline by the same meters; None: that is 0 J."""
        if baseline.mean_j <= 0:
            return None
        ratio = self.mean_j / baseline.mean_j
        off = np.abs(self.instruments_j - ratio * baseline.instruments_j) / baseline.mean_j
        variance = self.variance_j2 + ratio**2 * baseline.variance_j2
        half = half_width(off.ravel().tolist(), variance**0.5 / baseline.mean_j)
        return 100 * (1 - ratio - half), 100 * (1 - ratio + half)


def mean_parts(
    runs: Sequence[Measurement],
    rule: Accounting,
    counts: npt.NDArray[np.int64] | None = None,
) -> MeanParts | None:
    """The parts of the mean over runs' energies; None: of some they are not known.

    Args:
        runs: by the same accounting; at least one.
        rule: that one.
        counts: how many requests each stands for (n,), some of them; None: one each.
    """
    found = []
    for run in runs:
        parts = parts_of(run, rule)
        if parts is None:
            return None
        found.append(parts)
    each = np.array(found)  # (n, 2 hosts, 5 parts)
    squares = (each[:, :, 2:] ** 2 @ np.array([1 / 3, 1 / 2, 1])).sum(axis=1)
    shares = np.ones(len(runs)) if counts is None else counts.astype(np.float64)
    shares = shares / shares.sum()
    mean_j = float(shares @ np.array([run.energy_j for run in runs], dtype=np.float64))
    instruments_j = np.tensordot(shares, each[:, :, :2], axes=1)
    return MeanParts(mean_j, instruments_j, float(shares**2 @ squares))


def told_95(mine: MeanParts | None, baseline: MeanParts | None) -> dict[str, list[float] | None]:
    """The intervals of a mean and its saving, as summaries have them; None: not known."""
    saving = None if mine is None or baseline is None else mine.saving_pct(baseline)
    return {
        "energy_j_mean": None if mine is None else list(mine.interval()),
        "energy_saving_vs_cloud_pct": None if saving is None else list(saving),
    }
