"""Facts about a host, for the record of a run."""

from __future__ import annotations

import platform

from hosts.machine.base import Machine
from hosts.machine.cpus import own_cpus

Fact = str | int | float | bool | None


def host_facts(machine: Machine) -> dict[str, Fact]:
    """Name, system, processor count, memory and Python of this host; an emulated board's name."""
    import psutil

    facts: dict[str, Fact] = {
        "node": platform.node(),
        "system": platform.platform(),
        "architecture": platform.machine(),
        "cpus": psutil.cpu_count(),
        "cpus_used": " ".join(map(str, own_cpus())) or None,
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "python": platform.python_version(),
        "emulated": machine.emulated,
    }
    board_facts = getattr(machine, "facts", None)
    if board_facts:
        told = board_facts()
        facts |= {name: told[name] for name in ("board", "profile", "made_up", "meter")}
        if "cloud_rest_w" in told:
            facts["cloud_rest_w"] = told["cloud_rest_w"]
        if told["faults"]:
            facts["faults"] = "; ".join(told["faults"])
    return facts
