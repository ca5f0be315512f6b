"""A host's power by a known law, and its energy so far."""

import bisect
import threading
from typing import NamedTuple

_KEPT_S = 120.0


class PowerLaw(NamedTuple):
    """Wall power: `base_w + dynamic_w_per_ghz * GHz * busy cores`.

    The processor's own share is the dynamic part, beside `package_w` of the base.
    """

    base_w: float
    dynamic_w_per_ghz: float
    package_w: float = 0.0

    def dynamic_w(self, ghz: float, busy: float) -> float:
        """What computing adds."""
        return self.dynamic_w_per_ghz * ghz * busy


class Energy:
    """The energy that a host has drawn since it was started; one thread adds, others ask.

    Attributes:
        wall_j: all of it. package_j: its processor's.
    """

    def __init__(self, law: PowerLaw, now_s: float) -> None:
        self.wall_j = self.package_j = 0.0
        self._law = law
        self._lock = threading.Lock()
        self._times_s, self._energies_j = [now_s], [0.0]

    def add(self, now_s: float, ghz: float, busy: float) -> None:
        """Count the time since the last call, in which so many cores were busy at so many GHz."""
        for_s = now_s - self._times_s[-1]
        dynamic_w = self._law.dynamic_w(ghz, busy)
        self.package_j += for_s * (self._law.package_w + dynamic_w)
        with self._lock:
            self.wall_j += for_s * (self._law.base_w + dynamic_w)
            self._times_s.append(now_s)
            self._energies_j.append(self.wall_j)
            if now_s - self._times_s[0] > 2 * _KEPT_S:
                old = bisect.bisect(self._times_s, now_s - _KEPT_S)
                del self._times_s[:old], self._energies_j[:old]

    @property
    def known_until_s(self) -> float:
        """The last time that was counted."""
        with self._lock:
            return self._times_s[-1]

    def mean_w(self, end_s: float, length_s: float) -> float:
        """The mean power of an interval of the last minutes."""
        with self._lock:
            start_j, end_j = self._at_j(end_s - length_s), self._at_j(end_s)
        return (end_j - start_j) / length_s

    def between_j(self, start_s: float, end_s: float) -> float:
        """What was drawn between two times of the last minutes."""
        with self._lock:
            return self._at_j(end_s) - self._at_j(start_s)

    def _at_j(self, time_s: float) -> float:
        """The energy at a time, by linear interpolation."""
        times_s, energies_j = self._times_s, self._energies_j
        i = min(max(bisect.bisect(times_s, time_s), 1), len(times_s) - 1)
        if i < 1:
            return energies_j[0]
        step_s = times_s[i] - times_s[i - 1]
        share = min(max((time_s - times_s[i - 1]) / step_s, 0.0), 1.0)
        return energies_j[i - 1] + share * (energies_j[i] - energies_j[i - 1])
