"""The lab itself: both hosts, the cables, and what kernels and instruments do.

    python -m tests.lab.program PLAN

PLAN is `LabPlan` in JSON. The first line that it prints is `Opened`; then each line of its
standard input is an order `{"do": NAME, ...}`, answered by a line. All ends when its input does.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.lab.cpufreq import KernelFaults
from tests.lab.host import HostPlan, LabHost
from tests.lab.network import Network
from tests.lab.wall_meter import MeterFaults, WallMeter

TICK_S = 0.01
_UP_S = 5.0


class LabPlan(msgspec.Struct):
    """What is to be started.

    Attributes:
        folder: an empty folder of the lab's own. authorized: the public key that may log in.
        hosts: the edge and the cloud.
    """

    folder: str
    authorized: str
    hosts: list[HostPlan]


class OpenedHost(msgspec.Struct):
    """A host as others reach it.

    Attributes:
        address: as the controller sees it. link_address: as the other host sees it.
        host_key: what its SSH server shows. resource: its wall meter, in VISA's words.
        pid: its first process on this machine.
    """

    address: str
    link_address: str
    host_key: str
    resource: str
    pid: int


class Opened(msgspec.Struct):
    """The hosts by their roles."""

    hosts: dict[str, OpenedHost]


class _Lab:
    """What runs."""

    def __init__(self, plan: LabPlan, open_: contextlib.ExitStack) -> None:
        now_s = time.monotonic()
        self.hosts: dict[str, LabHost] = {}
        for wanted in plan.hosts:
            folder = Path(plan.folder) / wanted.role
            folder.mkdir()
            self.hosts[wanted.role] = LabHost(wanted, folder, plan.authorized, now_s)
            open_.callback(self.hosts[wanted.role].close)
        self.network = Network({role: host.pid for role, host in self.hosts.items()})
        open_.callback(self.network.remove)
        self.meters = {}
        for role, lab_host in self.hosts.items():
            (other,) = (h for r, h in self.hosts.items() if r != role)
            address = self.network.controller[role]
            self.meters[role] = WallMeter(address, lab_host.energy, other.energy)
            open_.callback(self.meters[role].close)

    def opened(self) -> Opened:
        return Opened(
            {
                role: OpenedHost(
                    address=self.network.host[role],
                    link_address=self.network.link[role],
                    host_key=host.host_key,
                    resource=self.meters[role].resource,
                    pid=host.pid,
                )
                for role, host in self.hosts.items()
            }
        )

    def tick(self) -> None:
        now_s = time.monotonic()
        for host in self.hosts.values():
            host.tick(now_s)

    def do(self, order: dict[str, Any]) -> Any:
        """Carry out an order; returns what is to be told."""
        match order:
            case {"do": "kernel", "host": role, "faults": faults}:
                self.hosts[role].policy.faults = KernelFaults(**faults)
            case {"do": "meter", "host": role, "faults": faults}:
                self.meters[role].faults = MeterFaults(**faults)
            case {"do": "hang_up", "host": role}:
                self.meters[role].hang_up()
            case {"do": "cut", "cable": cable}:
                self.network.cut(cable)
            case {"do": "mend", "cable": cable}:
                self.network.mend(cable)
            case {"do": "rate", "mbit_s": mbit_s}:
                self.network.set_rate(mbit_s)
            case {"do": "update", "host": role, "update_s": update_s}:
                self.meters[role].set_update(update_s)
            case {"do": "tell", "host": role}:
                return self._state(self.hosts[role])
            case {"do": "between", "host": role, "start_s": start_s, "end_s": end_s}:
                return self.hosts[role].energy.between_j(start_s, end_s)
            case _:
                raise ValueError(f"no such order: {order}")
        return None

    def _state(self, host: LabHost) -> dict[str, Any]:
        return {
            "wall_j": host.energy.wall_j,
            "package_j": host.energy.package_j,
            "changes": host.policy.changes,
        }


def _wait_up(addresses: list[str]) -> None:
    """Until each host's SSH server answers."""
    until_s = time.monotonic() + _UP_S
    for address in addresses:
        while True:
            try:
                with socket.create_connection((address, 22), timeout=_UP_S) as greeted:
                    if greeted.recv(4) == b"SSH-":
                        break
            except OSError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(0.01)


def _serve(lab: _Lab) -> None:
    """Tick, and carry out orders, until there are no more."""
    next_s = time.monotonic()
    pending = b""
    while True:
        next_s = max(next_s + TICK_S, time.monotonic())
        if select.select([0], [], [], max(0.0, next_s - time.monotonic()))[0]:
            words = os.read(0, 1 << 16)
            if not words:
                return
            *lines, pending = (pending + words).split(b"\n")
            for line in lines:
                _answer(lab, line)
        time.sleep(max(0.0, next_s - time.monotonic()))
        lab.tick()


def _answer(lab: _Lab, line: bytes) -> None:
    try:
        told = {"told": lab.do(json.loads(line))}
    except (OSError, ValueError, TypeError, KeyError) as error:
        told = {"refused": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)


def _ended(_number: int, _frame: object) -> None:
    raise SystemExit(1)


def main() -> None:
    """Start it, serve, and take all away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ended)
    plan = msgspec.json.decode(sys.argv[1], type=LabPlan)
    with contextlib.ExitStack() as open_:
        open_.callback(shutil.rmtree, plan.folder, ignore_errors=True)
        lab = _Lab(plan, open_)
        opened = lab.opened()
        _wait_up([host.address for host in opened.hosts.values()])
        print(msgspec.json.encode(opened).decode(), flush=True)
        _serve(lab)


if __name__ == "__main__":
    main()
