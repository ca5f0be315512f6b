"""A machine in a network of its own: `ip` and `tc` of this test's PATH speak to that one."""

import os
import subprocess
from pathlib import Path

import pytest

from hosts.machine.tools import find_tool
from tests.hosts.trees import RealOnTree

ADDRESS, PORT = "198.18.255.2", 5000
_LASTS_S = "120"
_SET_UP = (
    "ip link add eth0 type veth peer name far",
    "ip addr add 198.18.255.1/30 dev eth0",
    "ip link set eth0 up",
    "ip link set far up",
)


def linked(folder: Path, request: pytest.FixtureRequest) -> RealOnTree:
    """The edge, connected to a cloud; the test is skipped where this user makes no networks."""
    tools = {name: find_tool(name) for name in ("ip", "tc")}
    script = f"{' && '.join(_SET_UP)} && echo up && exec sleep {_LASTS_S}"
    if None in tools.values() or os.geteuid() != 0:
        pytest.skip("needs root and iproute2")
    network = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    request.addfinalizer(lambda: (network.kill(), network.communicate()))
    patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    assert network.stdout is not None
    if network.stdout.readline() != "up\n":
        pytest.skip("no networks can be made here")
    (folder / "bin").mkdir()
    for name, path in tools.items():
        entering = f"exec nsenter --target {network.pid} --net {path}"
        (folder / "bin" / name).write_text(f'#!/bin/sh\n{entering} "$@"\n')
        (folder / "bin" / name).chmod(0o755)
    patch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
    machine = RealOnTree(folder)
    machine.link_target = ADDRESS, PORT
    return machine
