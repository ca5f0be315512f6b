"""The switch of the CPU's turbo: one for all policies of a host."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hosts.knobs._sysfs import put, text_of

if TYPE_CHECKING:
    from hosts.machine.base import Machine

CPUS = "sys/devices/system/cpu"
SWITCHES = {f"{CPUS}/cpufreq/boost": ("0", "1"), f"{CPUS}/intel_pstate/no_turbo": ("1", "0")}
"""Each switch's file, with what stands in it for off and for on."""


class Boost:
    """The turbo of a host.

    Attributes:
        file: its switch; None: there is none here.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        there = [name for name in SWITCHES if (machine.root / name).is_file()]
        self.file: Path | None = machine.root / there[0] if there else None
        self._words = SWITCHES[there[0]] if there else ("0", "1")

    def is_on(self) -> bool | None:
        """Whether turbo is allowed; None: nothing says so."""
        return None if self.file is None else text_of(self.file) == self._words[True]

    def switch(self, on: bool) -> None:
        """Allow or forbid turbo, where there is a switch that says otherwise.

        Raises:
            KnobError: it cannot be written (firmware may lock it).
        """
        if self.file is not None and self.is_on() != on:
            put(self.file, self._words[on], self._machine)
