"""The temperature of a host's processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hosts.conditions.base import Condition

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_ZONES = "sys/class/thermal/thermal_zone*"


class TemperatureC(Condition):
    """The hottest of the kernel's thermal zones, else of the sensors that psutil finds."""

    name = "temperature_c"
    unit = "°C"
    where = "hosts"
    meaning = "CPU temperature after the window"

    def read(self, machine: Machine) -> float | None:
        """In °C; None where there is no sensor. A board shows what is in its own tree."""
        zones = [zone / "temp" for zone in machine.root.glob(_ZONES)]
        celsius = [int(zone.read_text()) / 1000 for zone in zones if zone.is_file()]
        if not celsius and not machine.emulated:
            celsius = _by_psutil()
        return max(celsius, default=None)


def _by_psutil() -> list[float]:
    import psutil

    sensors = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    return [reading.current for found in sensors.values() for reading in found]
