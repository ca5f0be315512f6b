"""A clock that drifts."""

from __future__ import annotations

from hosts.emulation.faults.base import ClockFault, Parameter


class FastClock(ClockFault):
    """It gains on board time while it acts, and keeps what it has gained."""

    name = "fast_clock"
    meaning = "the host's clock, that of its meter too, runs fast (slow, where negative)"
    parameters = (Parameter("ppm", 100.0, -500_000, 1e6, "millionths by which it is fast"),)

    def ahead_ns(self, at_ns: int) -> float:
        """By the time that it has acted."""
        until_ns = at_ns if self.until_ns is None else min(at_ns, self.until_ns)
        return max(0, until_ns - self.after_ns) * self.number("ppm") / 1e6
