"""The CPU time that a host has spent, by its control group's accounts."""

from __future__ import annotations

from hosts.core.errors import HostError
from hosts.machine.base import Machine

_GROUPS = "sys/fs/cgroup"


def cpu_time_s(machine: Machine) -> float:
    """The CPU time of all that ran on this host so far, its CPUs together; for differences.

    Within a container it is the container's own.

    Raises:
        HostError: the host keeps no such accounts.
    """
    older = machine.root / _GROUPS / "cpuacct/cpuacct.usage"
    newer = machine.root / _GROUPS / "cpu.stat"
    try:
        if older.is_file():
            return int(older.read_text()) / 1e9
        stat = dict(line.split() for line in newer.read_text().splitlines())
        return int(stat["usage_usec"]) / 1e6
    except (OSError, ValueError, KeyError) as error:
        raise HostError(
            f"the CPU time of this host asked; neither {older} nor {newer} tells it ({error})"
        ) from error
