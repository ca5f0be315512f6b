"""One lab host: namespaces with a root of their own, a control group, files, an SSH server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hosts.machine.real import RealMachine
from hosts.models.prepared.artifacts import default_root
from tests.lab import cpufreq
from tests.lab.accounts import USER_ID, files_of
from tests.lab.cgroup import ControlGroup
from tests.lab.cpu_time import cpu_time_s
from tests.lab.needs import UNSHARE
from tests.lab.power import Energy, PowerLaw
from tests.powercap import Powercap

_BOOT = Path(__file__).with_name("boot.py")
_POWERCAP = "sys/class/powercap"


class HostPlan(NamedTuple):
    """What a host is to be.

    Attributes:
        role: edge or cloud. cpu: the one CPU of this machine that is its own.
        law: its power. has_rapl: its processor counts its energy.
        clock_ahead_s: how far its clock is ahead of this machine's.
        sudo: its login may become root.
    """

    role: str
    cpu: int
    law: PowerLaw
    has_rapl: bool = False
    clock_ahead_s: int = 0
    sudo: bool = False


class LabHost:
    """A host that is up; `tick` is what its hardware does.

    Attributes:
        plan: what it is. pid: its first process, on this machine.
        policy: its CPU's frequency. energy: what it has drawn.
        host_key: the public key that its SSH server shows.
    """

    def __init__(self, plan: HostPlan, folder: Path, authorized: str, now_s: float) -> None:
        self.plan = plan
        self._folder = folder
        self._files = folder / "files"
        self._group = ControlGroup(f"{os.getpid()}-{plan.role}")
        self._init: subprocess.Popen[str] | None = None
        try:
            self.policy = cpufreq.Policy(self._files, plan.cpu, USER_ID)
            self.energy = Energy(plan.law, now_s)
            self._rapl = Powercap(self._files, 0.0) if plan.has_rapl else None
            self.host_key = make_key(folder / "host_key")
            self.pid = self._boot(authorized)
            self._machine = RealMachine()
            self._machine.root = Path(f"/proc/{self.pid}/root")
            self._told = now_s, cpu_time_s(self._machine)
        except BaseException:
            self.close()
            raise

    def tick(self, now_s: float) -> None:
        """Answer the frequency's files, let the CPU follow, and count energy."""
        (last_s, last_busy_s), busy_s = self._told, cpu_time_s(self._machine)
        full, khz = cpufreq.OFFERED_KHZ[-1], self.policy.runs_at_khz
        busy = (busy_s - last_busy_s) / (now_s - last_s) * full / khz
        self.energy.add(now_s, khz / 1e6, busy)
        self._told = now_s, busy_s
        self.policy.tick(now_s)
        self._group.limit(self.policy.runs_at_khz / full)
        if self._rapl is not None:
            self._rapl.show(self.energy.package_j)

    def close(self) -> None:
        """End all its programs at once, as a power cut does, and remove what is left."""
        if self._init is not None:
            for pid in _children(self._init.pid):
                os.kill(pid, signal.SIGKILL)
            self._init.kill()
            self._init.wait()
            if self._init.stdout is not None:
                self._init.stdout.close()
        if hasattr(self, "policy"):
            self.policy.close()
        self._group.remove()

    def _boot(self, authorized: str) -> int:
        """Start it; returns its first process."""
        disk = self._folder / "disk"
        disk.mkdir()
        order = {
            "disk": str(disk),
            "hostname": f"lab-{self.plan.role}",
            "files": files_of(
                f"lab-{self.plan.role}",
                authorized,
                (self._folder / "host_key").read_text(),
                sudo=self.plan.sudo,
            ),
            "kept": _interpreter_folders(),
            "hidden": [str(default_root().resolve())],
            "binds": self._binds(),
            "accounts": {name: str(path) for name, path in self._group.accounts.items()},
        }
        with (self._folder / "sshd.log").open("wb") as log:
            self._init = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL", "unshare", *UNSHARE),
                    *("--monotonic", str(self.plan.clock_ahead_s)),
                    *(sys.executable, "-I", "-S", str(_BOOT), json.dumps(order)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=self._enter,
            )
        assert self._init.stdout is not None
        if self._init.stdout.readline() != "up\n":
            said = (self._folder / "sshd.log").read_text(errors="replace")
            raise OSError(f"the {self.plan.role} host did not come up: {said}")
        (pid,) = _children(self._init.pid)
        return pid

    def _enter(self) -> None:
        """Put the process that becomes the host into its group, and onto its CPU."""
        self._group.enter(os.getpid())
        os.sched_setaffinity(0, [self.plan.cpu])

    def _binds(self) -> Mapping[str, str]:
        paths = [cpufreq.POLICIES, *([_POWERCAP] if self._rapl else [])]
        return {f"/{path}": str(self._files / path) for path in paths}


def make_key(path: Path) -> str:
    """Make a key; returns its public part."""
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path))
    subprocess.run(words, check=True)
    return path.with_suffix(".pub").read_text()


def _interpreter_folders() -> list[str]:
    """This interpreter's environment and installation, which the host's programs run with."""
    return list(dict.fromkeys(str(Path(p).resolve()) for p in (sys.base_prefix, sys.prefix)))


def _children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
