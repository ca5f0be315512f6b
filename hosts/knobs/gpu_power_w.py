"""The power limit of the cloud's GPU, through NVML."""

from __future__ import annotations

from hosts.core.errors import KnobError
from hosts.knobs._gpu import GpuKnob, some_of
from hosts.knobs.base import Value


class GpuPowerW(GpuKnob):
    """The limit that the GPU's own power management keeps to."""

    name = "gpu_power_w"
    unit = "W"
    meaning = "power limit of the cloud's GPU"

    @classmethod
    def shown(cls, value: Value) -> str:
        """`GPU 250 W`."""
        return f"GPU {value} W"

    def allowed(self) -> tuple[Value, ...]:
        """A few from the lowest to the highest that it takes, and its own default."""
        low_mw, high_mw = self.gpu.ask("DeviceGetPowerManagementLimitConstraints")
        default_mw = self.gpu.ask("DeviceGetPowerManagementDefaultLimit")
        few = some_of(range(-(-low_mw // 1000), high_mw // 1000 + 1))
        return tuple(sorted({*few, default_mw // 1000}))

    def read(self) -> int:
        """The limit now."""
        return int(self.gpu.ask("DeviceGetPowerManagementLimit")) // 1000

    def write(self, value: Value) -> None:
        """Set the limit, and read it back."""
        self.check_allowed(value)
        self.gpu.ask("DeviceSetPowerManagementLimit", 1000 * int(value))
        if not self.holds(value):
            raise KnobError(f"gpu_power_w={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The limit in mW."""
        return {"milliwatts": str(self.gpu.ask("DeviceGetPowerManagementLimit"))}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Set the limit as it was."""
        self.gpu.ask("DeviceSetPowerManagementLimit", int(snapshot["milliwatts"]))
