"""Discovers this machine's CPUs, knobs and meter, and why others are absent.

`python -m hosts.discover [cpus=0,1] [runtime=jax] KNOB ...` prints what this machine offers of
these knobs to programs that keep to these CPUs, and compute with this runtime, as JSON.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from hosts.agents.look import look_at_knob
from hosts.agents.open_machine import open_machine
from hosts.core.errors import HostError, one_line
from hosts.knobs.base import Value, build, names_on_hosts
from hosts.machine.base import Machine
from hosts.machine.cpus import cpus_in, keep_to, own_cpus
from hosts.machine.real import RealMachine
from hosts.meters.nvml import build as build_nvml
from hosts.meters.rapl import build as build_rapl
from hosts.wire.preflight import KnobLook

_CPUS, _RUNTIME = "cpus=", "runtime="


@dataclass(frozen=True)
class ThisMachine:
    """One machine.

    Attributes:
        node: its name.
        cpus: those that programs may use, ascending.
        knobs: the values that each knob offers, from the slowest to the fastest.
        meter: the program that reads its power; None: nothing does.
        gpu_meter: the program that reads the power of its GPU beside it; None: no GPU computes.
        absent: why each of the other knobs, and the meter, cannot be used.
    """

    node: str
    cpus: tuple[int, ...]
    knobs: Mapping[str, tuple[Value, ...]]
    meter: str | None
    absent: Mapping[str, str]
    gpu_meter: str | None = None


def offers(names: Sequence[str], machine: Machine) -> dict[str, KnobLook]:
    """What a machine offers of these knobs; sets nothing, but tries what a look cannot tell."""
    found = {name: look_at_knob(name, machine) for name in names}
    for name, seen in found.items():
        if len(seen.values) > 1 and not seen.shut:
            try:
                build(name, machine).discover()
            except (HostError, OSError) as error:
                found[name] = KnobLook(trouble=one_line(error))
    return found


def look_around(machine: Machine | None = None) -> ThisMachine:
    """Find out what this machine has; sets nothing."""
    machine = machine or RealMachine()
    knobs: dict[str, tuple[Value, ...]] = {}
    absent: dict[str, str] = {}
    for name in names_on_hosts():
        try:
            knobs[name] = build(name, machine).discover()
        except (HostError, OSError) as error:
            absent[name] = str(error)
    meter = gpu_meter = None
    try:
        build_rapl(str(machine.root)).read()
        if True in knobs.get("cloud_gpu", ()):  # RAPL does not see it
            build_nvml().read()
            gpu_meter = "nvml"
        meter = "rapl"
    except (HostError, OSError) as error:
        absent["meter"] = str(error)
    return ThisMachine(platform.node(), own_cpus(), knobs, meter, absent, gpu_meter)


def main(words: Sequence[str]) -> None:
    """Print what is offered."""
    machine = open_machine()
    names = []
    for word in words:
        if word.startswith(_CPUS):
            keep_to([cpu for cpu in sorted(cpus_in(word.removeprefix(_CPUS))) if cpu in own_cpus()])
        elif word.startswith(_RUNTIME):
            machine.runtime = word.removeprefix(_RUNTIME)
        else:
            names.append(word)
    sys.stdout.write(msgspec.json.encode(offers(names, machine)).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
