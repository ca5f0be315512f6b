"""The lab as tests and people have it: started, spoken to, ended."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from tests.lab.accounts import USER
from tests.lab.cgroup import remove_orphans
from tests.lab.cpufreq import Behaviour, Change, KernelFaults
from tests.lab.host import HostPlan
from tests.lab.network import Cable
from tests.lab.power import PowerLaw
from tests.lab.program import LabPlan, Opened
from tests.lab.wall_meter import UPDATE_S, Error, MeterFaults

ROOT = Path(__file__).resolve().parents[2]
LAWS = {
    "edge": PowerLaw(base_w=2.3, dynamic_w_per_ghz=1.1),
    "cloud": PowerLaw(base_w=60.0, dynamic_w_per_ghz=55.0, package_w=20.0),
}
EDGE_AHEAD_S = 5000
_END_S = 10.0


class Lab:
    """Two hosts, `edge` and `cloud`, that are up until it is closed.

    Attributes:
        folder: keys, known_hosts, and each host's SSH server's log; gone with it.
        hosts: how each is reached.
    """

    def __init__(self, *, sudo: bool = False) -> None:
        remove_orphans()
        self.folder = Path(tempfile.mkdtemp(prefix="dynasplit-lab-", dir=_memory()))
        self._program: subprocess.Popen[str] | None = None
        try:
            self.hosts = self._start(sudo).hosts
            known = (f"{h.address} {h.host_key}" for h in self.hosts.values())
            (self.folder / "known_hosts").write_text("".join(known))
        except BaseException:
            self.close()
            raise

    @property
    def program_pid(self) -> int:
        """The process of all that is below the hosts."""
        assert self._program is not None
        return self._program.pid

    def words(self, role: str | None = None) -> list[str]:
        """The hosts' configuration as words of the command line; with a role, that host's."""
        if role is None:
            return ["hosts=lab", "hosts.profile=quick", *self.words("edge"), *self.words("cloud")]
        host = self.hosts[role]
        meters = [f"{{meter:gpm8213,resource:'{host.resource}'}}"]
        said = {
            "address": host.address,
            "link_address": host.link_address,
            "user": USER,
            "key_file": self.folder / "key",
            "known_hosts": self.folder / "known_hosts",
            "python": f"{Path(sys.prefix).resolve()}/bin/python",
            "meter": "none",
            "meters": f"[{','.join(meters + ['{meter:rapl}'] * (role == 'cloud'))}]",
            "knobs": "[cpu_mhz]" if role == "edge" else "[]",
        }
        return [f"hosts.{role}.{name}={value}" for name, value in said.items()]

    def root(self, role: str) -> Path:
        """A host's root, from here."""
        return Path(f"/proc/{self.hosts[role].pid}/root")

    def misbehave(self, role: str, **faults: Any) -> None:
        """Let a host's kernel misbehave, by the names of `KernelFaults`."""
        made = KernelFaults(**faults)
        _check_one_of(made.behaviour, get_args(Behaviour))
        self._order(do="kernel", host=role, faults=made._asdict())

    def err(self, role: str, **faults: Any) -> None:
        """Let a host's wall meter err, by the names of `MeterFaults`."""
        made = MeterFaults(**faults)
        _check_one_of(made.error, get_args(Error))
        self._order(do="meter", host=role, faults=made._asdict())

    def hang_up(self, role: str) -> None:
        """Let a host's wall meter close its connection, once."""
        self._order(do="hang_up", host=role)

    def cut(self, cable: Cable) -> None:
        """Take a cable out: a host's to the controller, or the link between the hosts."""
        self._order(do="cut", cable=cable)

    def mend(self, cable: Cable) -> None:
        """Plug it in again."""
        self._order(do="mend", cable=cable)

    def set_rate(self, mbit_s: float | None) -> None:
        """Bound the link between the hosts; None: as fast as it goes."""
        self._order(do="rate", mbit_s=mbit_s)

    def heal(self) -> None:
        """No faults, all cables in, the link unbounded."""
        for role in self.hosts:
            self.misbehave(role)
            self.err(role)
            self.set_update(role, UPDATE_S)
        for cable in ("edge", "cloud", "link"):
            self.mend(cable)
        self.set_rate(None)

    def changes(self, role: str) -> list[Change]:
        """What a host's frequency files have said, since it is up."""
        return [Change(*change) for change in self._order(do="tell", host=role)["changes"]]

    def energies_j(self, role: str) -> tuple[float, float]:
        """The truth about a host: all that it has drawn, and its processor's part, in J."""
        told = self._order(do="tell", host=role)
        return told["wall_j"], told["package_j"]

    def between_j(self, role: str, start_s: float, end_s: float) -> float:
        """The truth about a host between two times of this machine's clock, at the wall, in J."""
        return self._order(do="between", host=role, start_s=start_s, end_s=end_s)

    def set_update(self, role: str, update_s: float) -> None:
        """Let a host's wall meter have a new value each `update_s`."""
        self._order(do="update", host=role, update_s=update_s)

    def close(self) -> None:
        """End all, whatever has become of it."""
        if self._program is not None:
            with contextlib.suppress(OSError):
                self._program.stdin.close()
            try:
                self._program.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._program.kill()
                self._program.wait()
            self._program.stdout.close()
            remove_orphans()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, sudo: bool) -> Opened:
        key = self.folder / "key"
        words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(key))
        subprocess.run(words, check=True)
        cpus = sorted(os.sched_getaffinity(0))
        edge = HostPlan("edge", cpus[0], LAWS["edge"], clock_ahead_s=EDGE_AHEAD_S, sudo=sudo)
        cloud = HostPlan("cloud", cpus[-1], LAWS["cloud"], has_rapl=True, sudo=sudo)
        authorized = key.with_suffix(".pub").read_text()
        plan = LabPlan(str(self.folder), authorized, [edge, cloud])
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.program", msgspec.json.encode(plan).decode()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "program.log").open("wb"),
            text=True,
            start_new_session=True,
        )
        line = self._program.stdout.readline()
        if not line:
            raise OSError(f"the lab did not start: {(self.folder / 'program.log').read_text()}")
        return msgspec.json.decode(line, type=Opened)

    def _order(self, **order: Any) -> Any:
        assert self._program is not None
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        answer = json.loads(self._program.stdout.readline())
        if "refused" in answer:
            raise OSError(answer["refused"])
        return answer["told"]


def _check_one_of(value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{value} asked; allowed: {', '.join(allowed)}")


def _memory() -> str | None:
    """A folder in memory, where files are replaced at no cost; None: there is none."""
    return next((str(p) for p in (Path("/dev/shm"),) if os.access(p, os.W_OK)), None)


@contextlib.contextmanager
def open_lab(**options: Any) -> Iterator[Lab]:
    """A lab for as long as the context lasts."""
    lab = Lab(**options)
    try:
        yield lab
    finally:
        lab.close()
