"""A host's control group: its CPU share, and the accounts of its CPU time."""

import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PREFIX = "dynasplit-lab"
_LEAST_US = 1000
"""The shortest quota that the kernel takes."""
_PERIOD_US = 4000
_NONE = -1
_EMPTY_S = 5.0


def no_groups() -> str | None:
    """Why a CPU share cannot be given here; None: it can."""
    try:
        group = ControlGroup(f"{os.getpid()}-trial")
    except OSError as error:
        return f"the lab needs control groups with CPU quotas: {error}"
    group.remove()
    return None


class ControlGroup:
    """A group of version 1 or 2, whichever this machine has.

    Attributes:
        accounts: what a host shows of it, by the path below its `/sys/fs/cgroup`.
    """

    def __init__(self, name: str) -> None:
        self._limit_us: tuple[int, int] | None = None
        self._is_new = (ROOT / "cgroup.controllers").is_file()
        places = [ROOT] if self._is_new else [ROOT / "cpu", ROOT / "cpuacct"]
        self._folders = list(dict.fromkeys((p / f"{PREFIX}-{name}").resolve() for p in places))
        if self._is_new and "cpu" not in (ROOT / "cgroup.subtree_control").read_text().split():
            raise OSError(f"cpu is not in {ROOT}/cgroup.subtree_control")
        for folder in self._folders:
            folder.mkdir(exist_ok=True)
        self.accounts = {"": self._folders[0]} if self._is_new else {"cpuacct": self._folders[-1]}
        try:
            self.limit(1.0)
            weight = ("cpu.weight", 10_000) if self._is_new else ("cpu.shares", 262_144)
            (self._folders[0] / weight[0]).write_text(str(weight[1]))
        except OSError:
            self.remove()
            raise

    def enter(self, pid: int) -> None:
        """Put a process into it, with all that it will start."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, share: float) -> None:
        """Give it this share of one CPU's time; 1: all that there is."""
        period_us = max(_PERIOD_US, round(_LEAST_US / share))
        quota_us = _NONE if share >= 1 else max(_LEAST_US, round(share * period_us))
        if self._limit_us == (quota_us, period_us):
            return
        folder = self._folders[0]
        if self._is_new:
            quota = "max" if quota_us == _NONE else str(quota_us)
            self._set_burst(folder / "cpu.max.burst", 0)
            (folder / "cpu.max").write_text(f"{quota} {period_us}")
            self._set_burst(folder / "cpu.max.burst", quota_us)
        else:
            self._set_burst(folder / "cpu.cfs_burst_us", 0)
            for name, us in (("quota", _NONE), ("period", period_us), ("quota", quota_us)):
                (folder / f"cpu.cfs_{name}_us").write_text(str(us))
            self._set_burst(folder / "cpu.cfs_burst_us", quota_us)
        self._limit_us = (quota_us, period_us)

    def _set_burst(self, file: Path, quota_us: int) -> None:
        """Let a quota outlive its period by one: what the ticks of the scheduler leave of it."""
        if quota_us != _NONE and file.is_file():
            file.write_text(str(quota_us))

    def remove(self) -> None:
        """Remove it, once its last process is gone."""
        for folder in self._folders:
            _remove(folder)


def remove_orphans() -> None:
    """Remove the groups of labs whose program was killed; what was in them has ended with it."""
    for place in (ROOT, ROOT / "cpu", ROOT / "cpuacct"):
        for folder in place.glob(f"{PREFIX}-*-*"):
            owner = folder.name.removeprefix(f"{PREFIX}-").partition("-")[0]
            if not Path(f"/proc/{owner}").exists():
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a group once its last process is gone."""
    until_s = time.monotonic() + _EMPTY_S
    while folder.is_dir():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)
