"""A cpufreq policy as files, answered as a kernel would, or as one that misbehaves."""

import os
from pathlib import Path
from typing import Literal, NamedTuple

POLICIES = "sys/devices/system/cpu/cpufreq"
WRITABLE = ("scaling_governor", "scaling_min_freq", "scaling_max_freq", "scaling_setspeed")
OFFERED_KHZ = tuple(range(600_000, 1_800_001, 100_000))
_GOVERNORS = ("conservative", "ondemand", "userspace", "powersave", "performance", "schedutil")
_UNSUPPORTED = "<unsupported>"

Behaviour = Literal["honest", "ignoring", "clamping", "reverting", "lying"]


class KernelFaults(NamedTuple):
    """How the kernel below misbehaves.

    Attributes:
        behaviour: `ignoring`: what is written is put back. `clamping`: nothing runs faster than
            `cap_khz`. `reverting`: a set governor is put back after `after_s`. `lying`: the files
            say what was asked, and the CPU runs at `cap_khz` all the time.
    """

    behaviour: Behaviour = "honest"
    cap_khz: int = OFFERED_KHZ[-1]
    after_s: float = 0.5


class Change(NamedTuple):
    """What the files came to say, and since when, on the clock of this machine."""

    at_s: float
    governor: str
    khz: int


class Policy:
    """The policy of one CPU.

    Attributes:
        faults: how it misbehaves; may be replaced at any time.
        khz: as the files say. runs_at_khz: the CPU's true speed.
        changes: what the files have said, from the first on.
    """

    def __init__(self, root: Path, cpu: int, group_id: int) -> None:
        self.faults = KernelFaults()
        self.khz = self.runs_at_khz = OFFERED_KHZ[-1]
        self.changes: list[Change] = []
        self._governor, self._asked_khz = "ondemand", OFFERED_KHZ[-1]
        self._limits_khz = (OFFERED_KHZ[0], OFFERED_KHZ[-1])
        self._set_at_s: float | None = None
        folder = root / POLICIES / f"policy{cpu}"
        folder.mkdir(parents=True)
        offered = " ".join(map(str, OFFERED_KHZ))
        fixed = {
            "affected_cpus": str(cpu),
            "related_cpus": str(cpu),
            "scaling_driver": "cpufreq-dt",
            "scaling_available_governors": " ".join(_GOVERNORS),
            "scaling_available_frequencies": offered,
            "cpuinfo_min_freq": str(OFFERED_KHZ[0]),
            "cpuinfo_max_freq": str(OFFERED_KHZ[-1]),
        }
        self._shown = {name: f"{text}\n" for name, text in (fixed | self._state()).items()}
        self._files = {}
        for name, text in self._shown.items():
            (folder / name).write_text(text)
            os.chown(folder / name, -1, group_id)
            (folder / name).chmod(0o664 if name in WRITABLE else 0o444)
            self._files[name] = os.open(folder / name, os.O_RDWR)

    def tick(self, now_s: float) -> None:
        """Take up what was written, and show what follows from it."""
        for name in WRITABLE:
            written = os.pread(self._files[name], 100, 0).decode(errors="replace")
            if written and written != self._shown[name]:  # empty: somebody is just writing it
                self._take(name, written.strip(), now_s)
                self._shown[name] = written  # so that showing puts a refused one back
        self._revert(now_s)
        self._run()
        for name, text in self._state().items():
            self._show(name, text)
        if not self.changes or self.changes[-1][1:] != (self._governor, self.khz):
            self.changes.append(Change(now_s, self._governor, self.khz))

    def close(self) -> None:
        """Answer no more."""
        for file in self._files.values():
            os.close(file)

    def _take(self, name: str, written: str, now_s: float) -> None:
        low_khz, high_khz = self._limits_khz
        if self.faults.behaviour == "ignoring":
            return
        if name == "scaling_governor":
            if written in _GOVERNORS:
                self._governor, self._set_at_s = written, now_s
                self._asked_khz = self.khz
            return
        khz = int(written) if written.isdigit() else 0
        if not OFFERED_KHZ[0] <= khz <= OFFERED_KHZ[-1]:
            return
        if name == "scaling_setspeed" and self._governor == "userspace":
            self._asked_khz = khz
        elif name == "scaling_min_freq" and khz <= high_khz:
            self._limits_khz = (khz, high_khz)
        elif name == "scaling_max_freq" and khz >= low_khz:
            self._limits_khz = (low_khz, khz)

    def _revert(self, now_s: float) -> None:
        if self.faults.behaviour != "reverting" or self._governor != "userspace":
            return
        if self._set_at_s is not None and now_s - self._set_at_s >= self.faults.after_s:
            self._governor, self._set_at_s = "ondemand", None

    def _run(self) -> None:
        """From governor and limits to a speed; demand governors run at full speed."""
        low_khz, high_khz = self._limits_khz
        wanted_khz = {"userspace": self._asked_khz, "powersave": low_khz}.get(
            self._governor, high_khz
        )
        wanted_khz = min(max(wanted_khz, low_khz), high_khz)
        self.khz = next(khz for khz in OFFERED_KHZ if khz >= wanted_khz)
        if self.faults.behaviour == "clamping":
            self.khz = min(self.khz, self.faults.cap_khz)
        lies = self.faults.behaviour == "lying"
        self.runs_at_khz = self.faults.cap_khz if lies else self.khz

    def _state(self) -> dict[str, str]:
        is_set = self._governor == "userspace"
        return {
            "scaling_governor": self._governor,
            "scaling_min_freq": str(self._limits_khz[0]),
            "scaling_max_freq": str(self._limits_khz[1]),
            "scaling_setspeed": str(self._asked_khz) if is_set else _UNSUPPORTED,
            "scaling_cur_freq": str(self.khz),
            "cpuinfo_cur_freq": str(self.khz),
        }

    def _show(self, name: str, text: str) -> None:
        """Replace a file's text so that nobody finds it empty, or a mixture."""
        if self._shown[name] == (line := f"{text}\n"):
            return
        new, file = line.encode(), self._files[name]
        os.pwrite(file, new.ljust(os.fstat(file).st_size, b"\n"), 0)
        os.ftruncate(file, len(new))
        self._shown[name] = line
