"""The edge accelerator: power of its USB port, and the mode in which it is opened.

`off` cuts the port's power through sysfs (Linux 6.0 or newer), so that the stick draws nothing;
where the port has no switch, `off` only closes it. The other modes are those in which the
machine can open it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hosts.coral.usb import PORTS, USB_IDS
from hosts.core.errors import KnobError
from hosts.core.rights import FileRight, UsbRight
from hosts.knobs.base import HostKnob, Value

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile
    from hosts.machine.base import Machine

_MODES = ("off", "std", "max")


class EdgeAccelerator(HostKnob):
    """Off, or one of the machine's modes."""

    name = "edge_accelerator"
    kind = str
    where = "edge"
    meaning = "mode of the edge accelerator; off: not used"
    idle = "off"
    values = _MODES
    rights = (*(UsbRight(*ids) for ids in USB_IDS), FileRight(PORTS, write=True))

    @classmethod
    def rank(cls, value: Value) -> tuple[float, str]:
        """The modes from slow to fast, others after them."""
        return float(_MODES.index(str(value)) if value in _MODES else len(_MODES)), str(value)

    @classmethod
    def shown(cls, value: Value) -> str:
        """`TPU max`, or `no TPU`."""
        return "no TPU" if value == "off" else f"TPU {value}"

    @classmethod
    def of_profile(cls, profile: Profile, network: str) -> tuple[Value, ...]:
        """The edge board's modes that the network has timings in; none if it only has `off`."""
        modes = profile.edge.accelerator_modes
        rows = [row.edge for row in profile.networks[network].splits if row.split_point > 0]
        timed = tuple(m for m in modes if all(m in row for row in rows))
        return timed if len(modes) > 1 else ()

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        there = len(machine.accelerator_modes()) > 1
        self._switch: Path | None = machine.accelerator_switch() if there else None

    def allowed(self) -> tuple[Value, ...]:
        """`off`, and the modes that the machine offers."""
        return self._machine.accelerator_modes()

    def read(self) -> str:
        """`off` if the port has no power, else the mode."""
        return "off" if self._is_cut() else self._machine.accelerator_mode()

    def holds(self, value: Value) -> bool:
        """True if it reads as this mode; `off` with power on a port that has a switch does not."""
        if value == "off" and self._switch is not None and not self._is_cut():
            return False
        return self.read() == value

    def write(self, value: Value) -> None:
        """Switch the port, open the accelerator, and read both back."""
        self.check_allowed(value)
        if value == "off":
            self._machine.open_accelerator("off")
            self._power(False)
        else:
            self._power(True)
            self._machine.open_accelerator(str(value))
        if not self.holds(value):
            raise KnobError(f"edge_accelerator={value} asked, {self.read()} read back")

    def files(self) -> tuple[Path, ...]:
        """The switch of its port, where there is one."""
        return () if self._switch is None else (self._switch,)

    def snapshot(self) -> dict[str, str]:
        """The mode, and whether the port has power."""
        return {"mode": self.read(), "cut": str(int(self._is_cut()))}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back the mode and the port's power."""
        self.write(snapshot["mode"])
        self._power(snapshot.get("cut", "1") == "0" or snapshot["mode"] != "off")

    def discover(self) -> tuple[Value, ...]:
        """The modes, where there is an accelerator."""
        if len(self.allowed()) < 2:
            raise KnobError("no Coral USB accelerator")
        return self.allowed()

    def _is_cut(self) -> bool:
        return self._switch is not None and int(self._switch.read_text()) == 1

    def _power(self, on: bool) -> None:
        if self._switch is None or self._is_cut() != on:
            return
        wanted = 0 if on else 1
        try:
            self._switch.write_text(str(wanted))
        except OSError as error:
            raise KnobError(
                f"writing {self._switch}: {error.strerror}; give this user write access to it, or "
                "leave edge_accelerator out of the host's knobs"
            ) from error
        self._machine.settle()
        if self._is_cut() == on:
            raise KnobError(
                f"{self._switch}={wanted} asked, {self._switch.read_text().strip()} found"
            )
