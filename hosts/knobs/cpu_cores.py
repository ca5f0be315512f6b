"""The number of CPUs that are online, through the kernel's switches of CPUs (hot-unplugging).

A CPU here is what the kernel counts as one: a hardware thread, where cores have several. Of those
that this host's programs may use the first ones stay online; cpu0 is never switched, nor is one
without a switch, nor the last one that they have. Heads are computed by as many threads.

Frequency policies come and go with their CPUs, so this knob is set first, and put back first.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from hosts.core.errors import KnobError
from hosts.core.rights import FileRight
from hosts.knobs._sysfs import put, text_of
from hosts.knobs.base import HostKnob, Value
from hosts.machine.cpus import granted_cpus

_CPUS = "sys/devices/system/cpu"
_LOOKS = 25
_ALL_UP_TO = 8


class CpuCores(HostKnob):
    """CPUs of the edge that are online."""

    name = "cpu_cores"
    kind = int
    where = "edge"
    meaning = "CPUs of the edge that are online; as many threads compute heads"
    least = 1
    most = 4096
    stage = 1
    rights = (FileRight(f"{_CPUS}/cpu*/online", write=True),)

    @classmethod
    def shown(cls, value: Value) -> str:
        """`2 cores`."""
        return "1 core" if value == 1 else f"{value} cores"

    @cached_property
    def _fixed(self) -> tuple[int, ...]:
        """The CPUs of this host that nobody switches."""
        return tuple(c for c in self._here() if c == 0 or not self._switch(c).is_file())

    @cached_property
    def _switched(self) -> tuple[int, ...]:
        """Its others, ascending."""
        return tuple(cpu for cpu in self._here() if cpu not in self._fixed)

    @property
    def _cpus(self) -> tuple[int, ...]:
        return self._fixed + self._switched

    def allowed(self) -> tuple[Value, ...]:
        """Each number up to 8; of more CPUs doublings, and all."""
        if self._machine.emulated or not self._switched:
            raise KnobError(
                f"no cpu_cores here: {self._machine.root / _CPUS} has no CPU with a switch"
            )
        most, least = len(self._cpus), max(1, len(self._fixed))
        numbers = range(least, most + 1)
        if most <= _ALL_UP_TO:
            return tuple(numbers)
        return tuple(n for n in numbers if n in (least, most) or n & (n - 1) == 0)

    def read(self) -> int:
        """How many are online."""
        return sum(self._is_online(cpu) for cpu in self._cpus)

    def holds(self, value: Value) -> bool:
        """True if the first ones are online, and no other."""
        return all(self._is_online(cpu) == (i < int(value)) for i, cpu in enumerate(self._cpus))

    def write(self, value: Value) -> None:
        """Switch CPUs on, then others off, and read it back."""
        self.check_allowed(value)
        self._switch_to(set(self._cpus[: int(value)]))
        for _ in range(_LOOKS):
            if self.holds(value):
                return
            self._machine.settle()
        raise KnobError(f"cpu_cores={value} asked, {self.read()} read back")

    def files(self) -> tuple[Path, ...]:
        """The switches."""
        return tuple(self._switch(cpu) for cpu in self._switched)

    def snapshot(self) -> dict[str, str]:
        """Which CPUs are online."""
        return {f"cpu{cpu}": str(int(self._is_online(cpu))) for cpu in self._switched}

    def restore(self, snapshot: dict[str, str]) -> None:
        """Switch each CPU as it was."""
        for name, was in sorted(snapshot.items(), key=lambda pair: pair[1], reverse=True):
            self._put(self._machine.root / _CPUS / name / "online", was)

    def _switch_to(self, online: set[int]) -> None:
        for on in (True, False):  # so that there is never none
            for cpu in self._switched:
                if (cpu in online) == on:
                    self._put(self._switch(cpu), str(int(on)))

    def _put(self, switch: Path, text: str) -> None:
        if text_of(switch) != text:
            put(switch, text, self._machine)

    def _is_online(self, cpu: int) -> bool:
        switch = self._switch(cpu)
        return cpu == 0 or not switch.is_file() or text_of(switch) == "1"

    def _here(self) -> list[int]:
        return [cpu for cpu in granted_cpus() if self._folder(cpu).is_dir()]

    def _folder(self, cpu: int) -> Path:
        return self._machine.root / _CPUS / f"cpu{cpu}"

    def _switch(self, cpu: int) -> Path:
        return self._folder(cpu) / "online"
