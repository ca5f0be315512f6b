"""Discovers this machine's CPUs, knobs and meter, and why others are absent."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from hosts.core.errors import HostError
from hosts.knobs.base import Value, build, names_on_hosts
from hosts.machine.base import Machine
from hosts.machine.cpus import own_cpus
from hosts.machine.real import RealMachine
from hosts.meters.rapl import build as build_rapl


@dataclass(frozen=True)
class ThisMachine:
    """One machine.

    Attributes:
        node: its name.
        cpus: those that programs may use, ascending.
        knobs: the values that each knob offers, from the slowest to the fastest.
        meter: the program that reads its power; None: nothing does.
        absent: why each of the other knobs, and the meter, cannot be used.
    """

    node: str
    cpus: tuple[int, ...]
    knobs: Mapping[str, tuple[Value, ...]]
    meter: str | None
    absent: Mapping[str, str]


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
    meter = None
    try:
        build_rapl(str(machine.root)).read()
        meter = "rapl"
    except (HostError, OSError) as error:
        absent["meter"] = str(error)
    return ThisMachine(platform.node(), own_cpus(), knobs, meter, absent)
