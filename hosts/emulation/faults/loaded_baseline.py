"""Somebody else's programs while an idle baseline is measured."""

from __future__ import annotations

from hosts.emulation.faults.base import LoadFault, Parameter


class LoadedBaseline(LoadFault):
    """They are there in idle windows alone, so that idle power is overstated."""

    name = "loaded_baseline"
    meaning = "somebody else's programs draw power while the idle baseline is measured"
    hosts = ("cloud", "edge")
    parameters = (Parameter("load_w", 10.0, 0.0, 10_000, "power that they draw"),)

    def extra_w(self, at_ns: int, baseline: bool) -> float:
        """In a baseline alone."""
        return self.number("load_w") if baseline else 0.0
