"""The CPU frequency, through the kernel's cpufreq files; `_frequency` and `_policy` say how.

Where there is a `userspace` governor it is used; elsewhere (schedutil alone, intel_pstate and
amd-pstate in active mode) both limits are set to the frequency. Every policy of the host is set
alike; of a host that keeps to some CPUs (two hosts on one machine), every policy of these. Where
policies have no two values in common (big and little cores) it sets those with the fastest
frequency, and `cpu_little_mhz` the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.knobs._frequency import FrequencyKnob
from hosts.knobs.base import Value

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile


class CpuMhz(FrequencyKnob):
    """Governor and frequency of all CPUs, or of the fastest cluster."""

    name = "cpu_mhz"
    meaning = "the edge's CPU frequency"
    is_fastest = True

    @classmethod
    def of_profile(cls, profile: Profile, network: str) -> tuple[Value, ...]:
        """The edge board's frequencies."""
        return profile.edge.cpu_mhz
