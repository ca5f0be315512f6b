"""The CPU time of a host, as control groups of either version account for it."""

from pathlib import Path

import pytest

from hosts.core.errors import HostError
from hosts.machine.real import RealMachine
from tests.lab.cpu_time import cpu_time_s


@pytest.fixture
def machine(tmp_path):
    made = RealMachine()
    made.root = tmp_path
    return made


def write(root: Path, name: str, text: str) -> None:
    path = root / "sys/fs/cgroup" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_version_is_told_in_seconds(machine):
    write(machine.root, "cpu.stat", "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n")
    assert cpu_time_s(machine) == 2.5
    write(machine.root, "cpuacct/cpuacct.usage", "1250000000\n")
    assert cpu_time_s(machine) == 1.25


@pytest.mark.parametrize("stat", [None, "", "user_usec 7\n", "usage_usec many\n"])
def test_a_host_without_accounts_says_where_they_were_looked_for(machine, stat):
    if stat is not None:
        write(machine.root, "cpu.stat", stat)
    with pytest.raises(HostError, match=r"CPU time of this host asked; neither .*cpuacct.usage"):
        cpu_time_s(machine)
