"""Somebody else's programs on a host."""

from __future__ import annotations

from hosts.emulation.faults.base import LoadFault, Parameter


class OtherLoad(LoadFault):
    """All work on the host takes longer, and it draws more."""

    name = "other_load"
    meaning = "somebody else's programs take a share of the CPU time and draw power"
    parameters = (
        Parameter("share", 0.25, 0.0, 0.95, "of the CPU time; work takes 1 / (1 - share) as long"),
        Parameter("load_w", 1.0, 0.0, 10_000, "power that they draw"),
    )

    def extra_w(self, at_ns: int, baseline: bool) -> float:
        """The same all the time."""
        return self.number("load_w")

    def taken_share(self, at_ns: int) -> float:
        """The same all the time."""
        return self.number("share")
