"""The median of threshold exceedances, in bounded memory."""

from __future__ import annotations

import numpy as np

from dynasplit.online.log_bins import Floats, Octaves

EXACT = 1 << 18
RESOLUTION = 2.0**-12
_OCTAVES = Octaves(bits=12)


class Exceedances:
    """Collects exceedances; exact up to `EXACT` of them, beyond by bins of 1/4096 relative width.

    Which of the two it is depends on their number alone, not on how they come in.

    Attributes:
        total: how many were collected.
    """

    def __init__(self) -> None:
        """Nothing collected."""
        self.total = 0
        self._waiting: list[Floats] = []
        self._waiting_count = 0
        self._counts = np.zeros(0, dtype=np.int64)

    def add(self, values_ms: Floats) -> None:
        """Collect exceedances (n,) in ms, above 0."""
        self.total += len(values_ms)
        self._waiting.append(values_ms)
        self._waiting_count += len(values_ms)
        if self._waiting_count > EXACT:
            self._to_bins()

    def merge(self, other: Exceedances) -> None:
        """Collect what another has collected."""
        if len(other._counts):
            self._to_bins()
            self._counts += other._counts
            self.total += other.total - other._waiting_count
        for values_ms in other._waiting:
            self.add(values_ms)

    def median_ms(self) -> float | None:
        """The median, within `RESOLUTION` of itself; None where there is none."""
        if not self.total:
            return None
        if self.total <= EXACT:
            return float(np.median(np.concatenate(self._waiting)))
        self._to_bins()
        place = int(np.searchsorted(np.cumsum(self._counts), (self.total + 1) // 2))
        return float(_OCTAVES.starts_ms()[place : place + 2].mean())

    def _to_bins(self) -> None:
        if not len(self._counts):
            self._counts = np.zeros(_OCTAVES.count, dtype=np.int64)
        if self._waiting:
            values_ms = np.concatenate(self._waiting)
            self._counts += np.bincount(_OCTAVES.of(values_ms), minlength=_OCTAVES.count)
        self._waiting, self._waiting_count = [], 0
