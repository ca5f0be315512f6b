"""Board time and the history of power, shared by meter and workload."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

NS_PER_S = 1_000_000_000


def to_ns(milliseconds: float) -> int:
    """Milliseconds as whole nanoseconds."""
    return round(milliseconds * 1e6)


@dataclass
class PowerHistory:
    """Board time in whole nanoseconds, and the power drawn as a sequence of levels.

    Attributes:
        now_ns: board time.
    """

    now_ns: int = 0
    _ends_ns: list[int] = field(default_factory=lambda: [0])
    _watts: list[float] = field(default_factory=lambda: [0.0])

    def spend(self, until_ns: int, watts: float) -> None:
        """Move board time on to `until_ns`, drawing `watts`; times past do nothing."""
        if until_ns <= self.now_ns:
            return
        if self._watts[-1] == watts:
            self._ends_ns[-1] = until_ns
        else:
            self._ends_ns.append(until_ns)
            self._watts.append(watts)
        self.now_ns = until_ns

    def exact_j(self, start_ns: int, end_ns: int) -> float:
        """The exact energy drawn between two times, at most now.

        Sums over the levels in between alone, so that what came before changes no digit.
        """
        if not 0 <= start_ns <= end_ns <= self.now_ns:
            raise ValueError(f"{start_ns}..{end_ns} ns asked for; board time is {self.now_ns} ns")
        joules, at_ns = 0.0, start_ns
        level = bisect.bisect_right(self._ends_ns, start_ns)
        while at_ns < end_ns:
            until_ns = min(self._ends_ns[level], end_ns)
            joules += self._watts[level] * (until_ns - at_ns) / NS_PER_S
            at_ns, level = until_ns, level + 1
        return joules

    def mean_w(self, start_ns: int, end_ns: int) -> float:
        """The mean power between two different times, at most now."""
        return self.exact_j(start_ns, end_ns) * NS_PER_S / (end_ns - start_ns)
