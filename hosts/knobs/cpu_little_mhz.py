"""The CPU frequency of the slower cluster, where big and little cores have no values in common."""

from __future__ import annotations

from hosts.knobs._frequency import FrequencyKnob
from hosts.knobs.base import Value


class CpuLittleMhz(FrequencyKnob):
    """Governor and frequency of all CPUs but those that `cpu_mhz` sets."""

    name = "cpu_little_mhz"
    meaning = "CPU frequency of the edge's slower cores, where cpu_mhz sets only the fastest ones"
    is_fastest = False

    @classmethod
    def shown(cls, value: Value) -> str:
        """`little 600 MHz`."""
        return f"little {value} MHz"

    @classmethod
    def loop_ratio(cls, slow: Value, fast: Value) -> float | None:
        """None: nobody says on which core a loop runs."""
        return None
