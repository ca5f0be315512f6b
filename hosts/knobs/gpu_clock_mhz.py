"""The clock of the cloud's GPU, locked through NVML.

NVML does not tell whether clocks are locked. So what is read back is the clock itself, which must
not be above what was asked; a GPU at rest, at its power limit or too hot runs slower, locked or
not. A lock that an administrator has set before is not seen either, and is gone afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.core.errors import KnobError
from hosts.knobs._gpu import GpuKnob, some_of
from hosts.knobs.base import Value

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_TOLERANCE_MHZ = 15  # the step of NVIDIA's clocks
_LOOKS = 25


class GpuClockMhz(GpuKnob):
    """The graphics clock, which also times what is computed."""

    name = "gpu_clock_mhz"
    unit = "MHz"
    meaning = "locked clock of the cloud's GPU"

    @classmethod
    def shown(cls, value: Value) -> str:
        """`GPU 1410 MHz`."""
        return f"GPU {value} MHz"

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._locked_mhz: int | None = None

    def allowed(self) -> tuple[Value, ...]:
        """A few of the clocks that it supports with its fastest memory clock."""
        memory_mhz = max(self.gpu.ask("DeviceGetSupportedMemoryClocks"))
        return some_of(sorted(self.gpu.ask("DeviceGetSupportedGraphicsClocks", memory_mhz)))

    def read(self) -> int:
        """The clock that it is locked to, if it keeps to it; else the clock now."""
        now_mhz = self._now_mhz()
        locked_mhz = self._locked_mhz
        return now_mhz if locked_mhz is None or _exceeds(now_mhz, locked_mhz) else locked_mhz

    def holds(self, value: Value) -> bool:
        """True if it was locked to this clock here, and does not run faster."""
        return self._locked_mhz == value and not _exceeds(self._now_mhz(), int(value))

    def write(self, value: Value) -> None:
        """Lock the clock, and wait until it is not exceeded."""
        self.check_allowed(value)
        self.gpu.ask("DeviceSetGpuLockedClocks", int(value), int(value))
        self._locked_mhz = int(value)
        for _ in range(_LOOKS):
            if self.holds(value):
                return
            self._machine.settle()
        raise KnobError(f"gpu_clock_mhz={value} asked, {self._now_mhz()} read back")

    def snapshot(self) -> dict[str, str]:
        """Nothing: not locked."""
        return {"locked": "no"}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Unlock the clock."""
        self.gpu.ask("DeviceResetGpuLockedClocks")
        self._locked_mhz = None

    def _now_mhz(self) -> int:
        return int(self.gpu.ask("DeviceGetClockInfo", self.gpu.nvml.NVML_CLOCK_GRAPHICS))


def _exceeds(now_mhz: int, locked_mhz: int) -> bool:
    return now_mhz > locked_mhz + _TOLERANCE_MHZ
