"""One policy of the kernel's cpufreq: the CPUs that share a frequency, and how it is set.

Values are whole MHz, rounded down; the kHz that are written are exactly those that are listed. What
is *set* (`scaling_setspeed` under the `userspace` governor, else both limits) is compared exactly;
what is *running* (`scaling_cur_freq`) within a tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hosts.core.errors import KnobError
from hosts.knobs._boost import CPUS, Boost
from hosts.knobs._sysfs import number_of, put, text_of
from hosts.machine.computing import keep_busy
from hosts.machine.cpus import cpus_in

if TYPE_CHECKING:
    from hosts.machine.base import Machine

TOLERANCE_MHZ = 10
KEPT = ("scaling_governor", "scaling_min_freq", "scaling_max_freq", "scaling_setspeed")
_BUSY_S = 0.012  # three ticks of a kernel, by which it measures what runs
_TURBO_STEP_KHZ = 1000  # acpi-cpufreq lists its turbo as the base frequency and 1 MHz


class Range(NamedTuple):
    """What a policy takes.

    Attributes:
        listed: its frequencies in kHz by MHz, the slowest first; empty: any from low to top.
        low_khz: its lowest frequency. top_khz: its highest that is no turbo.
        turbo_khz: the entry of the list that stands for turbo; None: there is none.
    """

    listed: Mapping[int, int]
    low_khz: int
    top_khz: int
    turbo_khz: int | None = None

    def khz(self, mhz: int) -> int:
        """What is written for a value."""
        return self.listed.get(mhz, 1000 * mhz)

    def takes(self, mhz: int) -> bool:
        """True if it is listed, or lies within the range of a policy without a list."""
        if self.listed:
            return mhz in self.listed
        return self.low_khz <= 1000 * mhz <= self.top_khz


class Policy:
    """One policy; its range is looked up once, when its CPUs are online."""

    def __init__(self, folder: Path, machine: Machine, boost: Boost) -> None:
        self.name = folder.name
        self._folder, self._machine, self._boost = folder, machine, boost

    def cpus(self) -> set[int] | None:
        """Its CPUs that are online; empty: all are offline, and its files say nothing."""
        for name in ("affected_cpus", "related_cpus"):
            if (self._folder / name).is_file():
                return cpus_in(text_of(self._folder / name))
        return None

    @cached_property
    def range(self) -> Range:
        """What it takes.

        Raises:
            KnobError: two listed frequencies are the same in whole MHz; or what the highest
                frequency without turbo is cannot be told while turbo is on.
        """
        low_khz = self._number("cpuinfo_min_freq")
        listed = self._folder / "scaling_available_frequencies"
        khz = sorted({int(text) for text in text_of(listed).split()}) if listed.is_file() else []
        if not khz:
            return Range({}, low_khz, self._base_khz())
        for slower, faster in pairwise(khz):
            if slower // 1000 == faster // 1000:
                raise KnobError(
                    f"{listed}: {slower} and {faster} kHz are both {slower // 1000} MHz, and a "
                    "value is in whole MHz; leave the knob out of the host's knobs"
                )
        turbo = len(khz) > 1 and khz[-1] - khz[-2] == _TURBO_STEP_KHZ
        by_mhz = {each // 1000: each for each in khz}
        return Range(by_mhz, khz[0], khz[-2 if turbo else -1], khz[-1] if turbo else None)

    def _base_khz(self) -> int:
        """The highest frequency without turbo, which no limit of power or of cores takes away."""
        if (self._folder / "base_frequency").is_file():
            return self._number("base_frequency")
        top_khz = self._number("cpuinfo_max_freq")
        if not self._boost.is_on():
            return top_khz
        pstate = self._machine.root / CPUS / "intel_pstate"
        if (pstate / "turbo_pct").is_file() and (pstate / "num_pstates").is_file():
            states = number_of(pstate / "num_pstates", "states")
            share_pct = 100 - number_of(pstate / "turbo_pct", "percent")
            below = -(-share_pct * states // 100)  # the kernel has rounded the share down
            low_khz = self._number("cpuinfo_min_freq")
            return low_khz + (below - 1) * (top_khz - low_khz) // max(1, states - 1)
        for cpu in sorted(self.cpus() or ()):
            nominal = self._machine.root / CPUS / f"cpu{cpu}/acpi_cppc/nominal_freq"
            if nominal.is_file() and (mhz := number_of(nominal, "MHz")) > 0:
                return 1000 * mhz
        raise KnobError(
            f"{self._folder}: no base_frequency, and while turbo is on the highest frequency "
            f"without it is not told; switch turbo off in {self._boost.file}"
        )

    def set_khz(self, khz: int) -> None:
        """Set a frequency: by the userspace governor, within limits that allow it, or by limits."""
        if not self._has_userspace:
            self.clamp(khz, khz)
            return
        low_khz, high_khz = self._number("scaling_min_freq"), self._number("scaling_max_freq")
        self.clamp(min(low_khz, khz), max(high_khz, khz))
        self._put("scaling_governor", "userspace")
        self._put("scaling_setspeed", str(khz))

    def is_set_to_khz(self) -> int | None:
        """The frequency that it is set to; None: a governor chooses it."""
        if text_of(self._folder / "scaling_governor") == "userspace":
            said = text_of(self._folder / "scaling_setspeed")
            return int(said) if said.isdigit() else None  # <unsupported>
        low_khz = self._number("scaling_min_freq")
        return low_khz if low_khz == self._number("scaling_max_freq") else None

    def runs_at_khz(self) -> int:
        """The frequency that it runs at now."""
        return self._number("scaling_cur_freq")

    def holds(self, mhz: int) -> bool:
        """True if it is set to a value's frequency, and runs at it.

        Turbo is whatever is at or above the base frequency. Of a CPU at rest some kernels tell
        another frequency than that of its last work: it is looked at again while it computes.
        """
        khz = self.range.khz(mhz)
        if self.is_set_to_khz() != khz:
            return False
        if self._runs_at(khz):
            return True
        cpus = self.cpus()
        if not cpus or self._machine.emulated or self._has_userspace:
            return False
        keep_busy(min(cpus), _BUSY_S)
        return self._runs_at(khz)

    def _runs_at(self, khz: int) -> bool:
        now_khz = self.runs_at_khz()
        if khz == self.range.turbo_khz:
            return now_khz >= self.range.top_khz - 1000 * TOLERANCE_MHZ
        return abs(now_khz - khz) <= 1000 * TOLERANCE_MHZ

    def files(self) -> tuple[Path, ...]:
        """What setting it writes."""
        speed, limits = ("scaling_setspeed",), ("scaling_min_freq", "scaling_max_freq")
        written = speed if self._has_userspace else limits
        return tuple(self._folder / name for name in ("scaling_governor", *written))

    def snapshot(self) -> dict[str, str]:
        """Governor, limits and speed, by `policy/file`."""
        there = [name for name in KEPT if (self._folder / name).is_file()]
        return {f"{self.name}/{name}": text_of(self._folder / name) for name in there}

    def restore(self, was: Mapping[str, str]) -> None:
        """Put back limits and speed, then the governor; `was` is by file."""
        self.clamp(int(was["scaling_min_freq"]), int(was["scaling_max_freq"]))
        if was["scaling_governor"] == "userspace" and was["scaling_setspeed"].isdigit():
            self._put("scaling_governor", "userspace")
            self._put("scaling_setspeed", was["scaling_setspeed"])
        self._put("scaling_governor", was["scaling_governor"])

    def clamp(self, low_khz: int, high_khz: int) -> None:
        """Set both limits; the order keeps the lower one below the upper one all the time."""
        limits = [("scaling_min_freq", low_khz), ("scaling_max_freq", high_khz)]
        if high_khz >= self._number("scaling_min_freq"):
            limits.reverse()
        for name, khz in limits:
            if self._number(name) != khz:
                self._put(name, str(khz))

    @property
    def _has_userspace(self) -> bool:
        return "userspace" in text_of(self._folder / "scaling_available_governors").split()

    def _number(self, name: str) -> int:
        return number_of(self._folder / name)

    def _put(self, name: str, text: str) -> None:
        put(self._folder / name, text, self._machine)
