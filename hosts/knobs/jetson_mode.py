"""The power mode of an NVIDIA Jetson, through its program `nvpmodel`.

A mode says which CPUs are online and how fast they, the GPU and the memory may run; so it is set
before the knobs that set these. A mode for which the Jetson wants to be started anew does not read
back, and is refused.
"""

from __future__ import annotations

import math
import os
import re
from functools import cached_property

from hosts.core.errors import KnobError
from hosts.knobs._sysfs import text_of
from hosts.knobs.base import HostKnob, Value
from hosts.machine.tools import run_tool

_MODES = "etc/nvpmodel.conf"


class JetsonMode(HostKnob):
    """The mode, by the name that its file gives it."""

    name = "jetson_mode"
    kind = str
    where = "edge"
    meaning = "power mode of a Jetson, as nvpmodel names it"
    stage = 0

    @classmethod
    def rank(cls, value: Value) -> tuple[float, str]:
        """By the watts in the name (`MODE_15W_2CORE`); `MAXN` comes last."""
        watts = re.search(r"(\d+)W", str(value))
        return float(watts[1]) if watts else math.inf, str(value)

    @classmethod
    def shown(cls, value: Value) -> str:
        """`mode 15W`."""
        return f"mode {value}"

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The modes' numbers by name."""
        path = self._machine.root / _MODES
        if self._machine.emulated or not path.is_file():
            raise KnobError(f"no jetson_mode here: there is no {path}")
        modes = re.findall(r"^\s*<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>", text_of(path), re.M)
        return {name: int(number) for number, name in modes}

    def allowed(self) -> tuple[Value, ...]:
        """The modes that the file names."""
        return self.ordered(self._numbers)

    def read(self) -> str:
        """The mode that nvpmodel tells."""
        said = run_tool(["nvpmodel", "-q"])
        told = re.search(r"NV Power Mode\s*:\s*(\S+)", said)
        if told is None:
            raise KnobError(f"nvpmodel -q: a power mode expected, found {' '.join(said.split())!r}")
        return told[1]

    def write(self, value: Value) -> None:
        """Set the mode, and read it back."""
        self.check_allowed(value)
        run_tool(["nvpmodel", "-m", str(self._numbers[str(value)])])
        if not self.holds(value):
            raise KnobError(
                f"jetson_mode={value} asked, {self.read()} read back; some modes need a new start"
            )

    def discover(self) -> tuple[Value, ...]:
        """As any, where this user may set it."""
        values = super().discover()
        self.read()
        if os.geteuid() != 0:
            raise KnobError("nvpmodel sets modes for root only; let the host's login be root")
        return values
