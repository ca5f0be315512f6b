"""Whether tails run on the cloud's GPU."""

from __future__ import annotations

from hosts.core.errors import KnobError
from hosts.knobs.base import Value, check_allowed
from hosts.machine.base import Machine

_GPUS = "proc/driver/nvidia/gpus"


class CloudGpu:
    """The tails' place: GPU or CPU."""

    name = "cloud_gpu"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def allowed(self) -> tuple[Value, ...]:
        """False, and True where the driver shows a GPU."""
        return (False, True) if any((self._machine.root / _GPUS).glob("*")) else (False,)

    def read(self) -> bool:
        """Where tails go now."""
        return self._machine.placed_on_gpu()

    def holds(self, value: Value) -> bool:
        """Whether tails go there."""
        return self.read() == value

    def write(self, value: Value) -> None:
        """Place the tails, and read it back."""
        check_allowed(self, value)
        self._machine.place(bool(value))
        if self.read() != value:
            raise KnobError(f"cloud_gpu={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The place as a number."""
        return {"gpu": str(int(self.read()))}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put the tails back."""
        self.write(bool(int(snapshot["gpu"])))


def build(machine: Machine) -> CloudGpu:
    """The knob on this machine."""
    return CloudGpu(machine)
