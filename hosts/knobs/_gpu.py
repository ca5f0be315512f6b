"""A setting of the cloud's NVIDIA GPU: base of the knobs that set it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, Value
from hosts.machine.nvml import Gpu

_GPUS = "proc/driver/nvidia/gpus"
SOME = 5


class GpuKnob(HostKnob):
    """A setting of the GPU that computes tails; others of the host are left alone."""

    kind = int
    where = "cloud"
    least = 1
    most = 100_000

    @classmethod
    def resting(cls, values: Iterable[Value]) -> Value | None:
        """The highest: what binds nothing while no tail runs."""
        return cls.ordered(values)[-1]

    @cached_property
    def gpu(self) -> Gpu:
        """The GPU.

        Raises:
            KnobError: there is none, or it cannot be reached.
        """
        if self._machine.emulated or not any((self._machine.root / _GPUS).glob("*")):
            raise KnobError("no NVIDIA GPU")
        return Gpu()

    def discover(self) -> tuple[Value, ...]:
        """As any, if this user may set a GPU."""
        values = super().discover()
        self.gpu.check_rights()
        return values


def some_of(values: Sequence[int]) -> tuple[int, ...]:
    """A few of ascending values at equal distances, the first and the last among them."""
    last = len(values) - 1
    return tuple(sorted({values[round(last * i / (SOME - 1))] for i in range(SOME)}))
