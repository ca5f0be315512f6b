"""The edge accelerator: power of its USB port, and the mode in which it is opened.

`off` cuts the port's power through sysfs (Linux 6.0 or newer), so that the stick draws nothing;
the other modes are those in which the machine can open it.
"""

from __future__ import annotations

from pathlib import Path

from hosts.errors import KnobError
from hosts.knobs.base import Value, check_allowed
from hosts.machine import Machine

_PORTS = "sys/bus/usb/devices/*/usb*-port*/disable"


class EdgeAccelerator:
    """Off, or one of the machine's modes."""

    name = "edge_accelerator"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        ports = sorted(machine.root.glob(_PORTS))
        self._port: Path | None = ports[0] if len(machine.accelerator_modes()) > 1 else None

    def allowed(self) -> tuple[Value, ...]:
        """`off`, and the modes that the machine offers."""
        return self._machine.accelerator_modes()

    def read(self) -> str:
        """`off` if the port has no power, else the mode."""
        if self._port and int(self._port.read_text()) == 1:
            return "off"
        return self._machine.accelerator_mode()

    def holds(self, value: Value) -> bool:
        """Whether it reads as this mode."""
        return self.read() == value

    def write(self, value: Value) -> None:
        """Switch the port, open the accelerator, and read both back."""
        check_allowed(self, value)
        if value == "off":
            self._machine.open_accelerator("off")
            self._power(False)
        else:
            self._power(True)
            self._machine.open_accelerator(str(value))
        if self.read() != value:
            raise KnobError(f"edge_accelerator={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The mode."""
        return {"mode": self.read()}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back the mode."""
        self.write(snapshot["mode"])

    def _power(self, on: bool) -> None:
        if self._port is None:
            return
        wanted = 0 if on else 1
        if int(self._port.read_text()) == wanted:
            return
        self._port.write_text(str(wanted))
        self._machine.settle()
        if int(self._port.read_text()) != wanted:
            raise KnobError(f"{self._port}={wanted} asked, {self._port.read_text().strip()} found")


def build(machine: Machine) -> EdgeAccelerator:
    """The knob on this machine."""
    return EdgeAccelerator(machine)
