"""The device of the tails: the cloud's GPU, or its CPU."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from hosts.core.errors import KnobError
from hosts.knobs.base import HostKnob, Value

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile

_GPUS = "proc/driver/nvidia/gpus"
_PATIENCE_S = 120.0


class CloudGpu(HostKnob):
    """The tails' place: GPU or CPU."""

    name = "cloud_gpu"
    kind = bool
    where = "cloud"
    meaning = "whether the cloud uses its GPU"
    idle = False
    values = (False, True)

    @classmethod
    def shown(cls, value: Value) -> str:
        """`GPU`, or `no GPU`."""
        return "GPU" if value else "no GPU"

    @classmethod
    def of_profile(cls, profile: Profile, network: str) -> tuple[Value, ...]:
        """Both, where the cloud's board has a GPU; that alone where no tail on its CPU is known."""
        if profile.cloud.tail_cpu_w is None:
            return (True,)
        return (False, True) if profile.cloud.gpu else ()

    def allowed(self) -> tuple[Value, ...]:
        """False, and True where the driver shows a GPU."""
        return (False, True) if any((self._machine.root / _GPUS).glob("*")) else (False,)

    def read(self) -> bool:
        """The current device of the tails."""
        return self._machine.placed_on_gpu()

    def write(self, value: Value) -> None:
        """Place the tails, and read it back."""
        self.check_allowed(value)
        self._machine.place(bool(value))
        if self.read() != value:
            raise KnobError(f"cloud_gpu={value} asked, {self.read()} read back")

    def snapshot(self) -> dict[str, str]:
        """The place as a number."""
        return {"gpu": str(int(self.read()))}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put the tails back."""
        self.write(bool(int(snapshot["gpu"])))

    def discover(self) -> tuple[Value, ...]:
        """Both places, where the runtime of this host sees the GPU."""
        if True not in self.allowed():
            raise KnobError("no GPU")
        if not self._machine.emulated:
            python, runtime = self._machine.python, self._machine.runtime
            name, count = _seen_by_runtime(python, runtime)
            if count == 0:
                raise KnobError(f"there is a GPU, but {name} of {python} does not see it")
        return (False, True)


def _seen_by_runtime(python: str, runtime: str) -> tuple[str, int]:
    """The runtime, and how many GPUs it sees, asked in a program of its own.

    Raises:
        KnobError: it does not tell.
    """
    try:
        asked = subprocess.run(
            [python, "-m", "hosts.models.runtimes._gpus", runtime],
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KnobError(f"there is a GPU, but {python} does not tell of it: {error}") from error
    name, _, count = asked.stdout.strip().rpartition(" ")
    if asked.returncode != 0 or not count.isdigit():
        last = asked.stderr.strip().rpartition("\n")[2]
        raise KnobError(f"there is a GPU, but no runtime that tells of it: {last}")
    return name, int(count)
