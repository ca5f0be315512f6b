"""The CPU frequency, through the kernel's cpufreq files.

Where there is a `userspace` governor it is used; elsewhere (intel_pstate in active mode) the
limits are clamped to the frequency. Every policy of the host is set alike; of a host that keeps
to some CPUs (two hosts on one machine), every policy of these.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hosts.core.errors import KnobError
from hosts.core.rights import FileRight
from hosts.knobs.base import HostKnob, Value
from hosts.machine.cpus import own_cpus

if TYPE_CHECKING:
    from hosts.emulation.profile import Profile
    from hosts.machine.base import Machine

TOLERANCE_MHZ = 10
_ATTEMPTS = 25
_POLICIES = "sys/devices/system/cpu/cpufreq"
_KEPT = ("scaling_governor", "scaling_min_freq", "scaling_max_freq", "scaling_setspeed")


class CpuMhz(HostKnob):
    """Governor and frequency of all CPUs."""

    name = "cpu_mhz"
    unit = "MHz"
    kind = int
    where = "edge"
    meaning = "the edge's CPU frequency"
    least = 10
    most = 20_000
    rights = tuple(FileRight(f"{_POLICIES}/policy*/{name}", write=True) for name in _KEPT)

    @classmethod
    def shown(cls, value: Value) -> str:
        """`1800 MHz`."""
        return f"{value} MHz"

    @classmethod
    def of_profile(cls, profile: Profile, network: str) -> tuple[Value, ...]:
        """The edge board's frequencies."""
        return profile.edge.cpu_mhz

    @classmethod
    def loop_ratio(cls, slow: Value, fast: Value) -> float:
        """That of the frequencies: memory and input take no part in such a loop."""
        return float(fast) / float(slow)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        policies = sorted((machine.root / _POLICIES).glob("policy*"))
        self._policies = [p for p in policies if machine.emulated or _is_own(p)]
        if not self._policies:
            raise KnobError(f"no cpu_mhz here: {machine.root / _POLICIES} offers no policy")

    def allowed(self) -> tuple[Value, ...]:
        """Frequencies that every policy lists, ascending; without lists, the limits alone."""
        common = set.intersection(*(self._listed_mhz(policy) for policy in self._policies))
        return tuple(sorted(common))

    def _listed_mhz(self, policy: Path) -> set[int]:
        listed = policy / "scaling_available_frequencies"
        if listed.is_file():
            return {int(khz) // 1000 for khz in listed.read_text().split()}
        return {_read_khz(policy / f"cpuinfo_{end}_freq") // 1000 for end in ("min", "max")}

    def read(self) -> int:
        """The frequency now, in MHz; of several policies the one that differs most is told."""
        speeds = [_read_khz(p / "scaling_cur_freq") / 1000 for p in self._policies]
        return round(min(speeds))

    def holds(self, value: Value) -> bool:
        """True if every CPU is set to this frequency, and runs within 10 MHz of it."""
        return all(self._runs_at(policy, int(value)) for policy in self._policies)

    def _runs_at(self, policy: Path, mhz: int) -> bool:
        fixed = (policy / "scaling_governor").read_text().strip() == "userspace" or (
            _read_khz(policy / "scaling_min_freq") == _read_khz(policy / "scaling_max_freq")
        )
        return fixed and abs(_read_khz(policy / "scaling_cur_freq") / 1000 - mhz) <= TOLERANCE_MHZ

    def write(self, value: Value) -> None:
        """Set the frequency everywhere, then read it back as a number within 10 MHz."""
        self.check_allowed(value)
        for policy in self._policies:
            if _has_userspace(policy):
                self._put(policy / "scaling_governor", "userspace")
                self._put(policy / "scaling_setspeed", str(int(value) * 1000))
            else:
                self._clamp(policy, int(value) * 1000, int(value) * 1000)
        self._verify(int(value))

    def files(self) -> tuple[Path, ...]:
        """Of each policy: its governor, and the speed or the limits that the governor heeds."""
        return tuple(policy / name for policy in self._policies for name in _written(policy))

    def snapshot(self) -> dict[str, str]:
        """Governor, limits and speed of every policy, by `policy/file`."""
        return {
            f"{policy.name}/{name}": (policy / name).read_text().strip()
            for policy in self._policies
            for name in _KEPT
            if (policy / name).is_file()
        }

    def restore(self, snapshot: dict[str, str]) -> None:
        """Put back limits and speed, then the governor."""
        for policy in self._policies:
            was = {
                n: snapshot[f"{policy.name}/{n}"] for n in _KEPT if f"{policy.name}/{n}" in snapshot
            }
            self._clamp(policy, int(was["scaling_min_freq"]), int(was["scaling_max_freq"]))
            if was["scaling_governor"] == "userspace" and was["scaling_setspeed"].isdigit():
                self._put(policy / "scaling_governor", "userspace")
                self._put(policy / "scaling_setspeed", was["scaling_setspeed"])
            self._put(policy / "scaling_governor", was["scaling_governor"])

    def _clamp(self, policy: Path, low_khz: int, high_khz: int) -> None:
        """Set both limits; the order keeps the lower one below the upper one all the time."""
        limits = [("scaling_min_freq", low_khz), ("scaling_max_freq", high_khz)]
        if high_khz >= _read_khz(policy / "scaling_min_freq"):
            limits.reverse()
        for name, khz in limits:
            if _read_khz(policy / name) != khz:
                self._put(policy / name, str(khz))

    def _put(self, path: Path, text: str) -> None:
        try:
            path.write_text(text)
        except PermissionError as error:
            raise KnobError(
                f"writing {path}: permission denied; give this user write access to it"
            ) from error
        except OSError as error:
            raise KnobError(
                f"{path.name}={text} refused by the kernel: {error.strerror}"
            ) from error
        self._machine.settle()

    def _verify(self, asked_mhz: int) -> None:
        for _ in range(_ATTEMPTS):
            if self.holds(asked_mhz):
                return
            self._machine.settle()
        raise KnobError(
            f"cpu_mhz={asked_mhz} asked, {self.read()} read back; allowed: +-{TOLERANCE_MHZ}"
        )


def _has_userspace(policy: Path) -> bool:
    return "userspace" in (policy / "scaling_available_governors").read_text().split()


def _written(policy: Path) -> tuple[str, ...]:
    speed = ("scaling_setspeed",)
    limits = ("scaling_min_freq", "scaling_max_freq")
    return ("scaling_governor", *(speed if _has_userspace(policy) else limits))


def _is_own(policy: Path) -> bool:
    """True if a policy sets a CPU that this program may use."""
    listed = policy / "related_cpus"
    if not listed.is_file():
        return True
    return bool({int(cpu) for cpu in listed.read_text().split()} & set(own_cpus()))


def _read_khz(path: Path) -> int:
    text = path.read_text().strip()
    try:
        return int(text)
    except ValueError as error:
        raise KnobError(f"{path}: a number of kHz expected, found {text!r}") from error
