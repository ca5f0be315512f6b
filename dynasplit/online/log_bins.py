"""Logarithmic bins, numbered by a float's own bits without a logarithm or a search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
LEAST_MS, MOST_MS = 2.0**-20, 2.0**40


class Octaves:
    """Bins from 2**-20 to 2**40 ms, each octave in 2**bits equal ones; the ends take the rest.

    Attributes:
        count: how many bins.
    """

    def __init__(self, bits: int) -> None:
        """Use the upper `bits` of a float64's mantissa, below its exponent."""
        self._shift = np.int64(52 - bits)
        low, high = np.array([LEAST_MS, MOST_MS]).view(np.int64) >> self._shift
        self._first = low
        self.count = int(high - low)
        self._below_most = np.nextafter(MOST_MS, 0)

    def of(self, values_ms: Floats) -> Indices:
        """The bin of each value (n,)."""
        bits = np.clip(values_ms, LEAST_MS, self._below_most).view(np.int64)
        bits >>= self._shift
        bits -= self._first
        return bits

    def starts_ms(self) -> Floats:
        """The bins' edges in ms (count + 1,)."""
        bits = (np.arange(self.count + 1) + self._first) << self._shift
        return np.asarray(bits.view(np.float64))


class Steps:
    """Counts the ascending edges below each value through a look-up table."""

    def __init__(self, edges_ms: Floats) -> None:
        """Tabulate edges (e,), ascending, above 0."""
        self._octaves = Octaves(bits=7)
        starts = self._octaves.starts_ms()
        before = np.searchsorted(edges_ms, starts, side="right").astype(np.int64)
        self._before = before[:-1]
        self._most_within = int(np.diff(before).max()) if len(edges_ms) else 0
        self._edges = np.append(edges_ms, np.inf)

    def reached(self, values_ms: Floats) -> Indices:
        """The number of edges that are at most each value (n,)."""
        found = self._before.take(self._octaves.of(values_ms))
        for _ in range(self._most_within):
            found += values_ms >= self._edges.take(found)
        return found
