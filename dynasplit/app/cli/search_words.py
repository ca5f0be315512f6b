"""How a search goes, in words: the front, its hypervolume, what is doubtful."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import is_stated

EVERY_S = 1.0
_NAMED = 3
_LEAST_GAIN = 1e-4

Progress = Callable[[Sequence[Measurement]], Mapping[str, float]]
"""Of what was measured so far, `front_size` and `hypervolume`, as far as they are known."""


class SearchWords:
    """Follows a search, and says how far it has come."""

    def __init__(
        self,
        progress: Progress,
        before: Sequence[Measurement] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            progress: counts what was measured.
            before: what an earlier start has measured.
            clock: tells seconds.
        """
        self._progress, self._clock = progress, clock
        self._measured = list(before)
        self._gain: float | None = None
        self._told: str | None = None
        self._told_s = 0.0

    def add(self, measurement: Measurement, gain: float | None = None) -> None:
        """A measurement more, and what the search expected of it, if it says so."""
        self._measured.append(measurement)
        self._gain = gain

    def words(self) -> str:
        """How it goes; the words of a second ago at most, since counting takes time."""
        now_s = self._clock()
        if self._told is None or now_s - self._told_s >= EVERY_S:
            self._told, self._told_s = self._counted(), now_s
        return self._told

    def _counted(self) -> str:
        if not self._measured:
            return ""
        found = self._progress(self._measured)
        told = []
        if "front_size" in found:
            told.append(f"{found['front_size']:.0f} on the front")
        if "hypervolume" in found:
            told.append(f"hypervolume {found['hypervolume']:.3f}")
        if self._gain is not None:
            told.append(f"expected gain {_shortly(self._gain)}")
        told.append(doubtful_words(self._measured))
        return ", ".join(told)


def _shortly(gain: float) -> str:
    """A share of the hypervolume, as far as it means something."""
    return f"{gain:.2g}" if gain >= _LEAST_GAIN else f"under {_LEAST_GAIN:g}"


def doubtful_words(measured: Sequence[Measurement]) -> str:
    """How many measurements are doubtful, and the commonest reasons."""
    flags = [[f for f in m.flags if not is_stated(f)] for m in measured]
    counts = Counter(flag for some in flags for flag in some)
    if not counts:
        return "none doubtful"
    shown = [f"{flag} {n}" for flag, n in counts.most_common(_NAMED)]
    more = ", ..." if len(counts) > _NAMED else ""
    return f"{sum(map(bool, flags))} doubtful ({', '.join(shown)}{more})"
