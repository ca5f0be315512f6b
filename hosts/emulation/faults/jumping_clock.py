"""A clock that is set in the midst of a run."""

from __future__ import annotations

from hosts.emulation.faults.base import ClockFault, Parameter


class JumpingClock(ClockFault):
    """It is ahead while the fault acts, and then right again."""

    name = "jumping_clock"
    meaning = "the host's clock, that of its meter too, is ahead (behind, where negative)"
    parameters = (Parameter("jump_s", 1.0, -3600, 3600, "by how much"),)

    def ahead_ns(self, at_ns: int) -> float:
        """The jump, or nothing."""
        return self.ns("jump_s") if self.acts(at_ns) else 0
