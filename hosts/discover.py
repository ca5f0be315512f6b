"""Discovers this machine's CPUs, knobs and meter, and why others are absent."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hosts.core.errors import HostError, KnobError
from hosts.knobs.base import Value, build
from hosts.machine.base import Machine
from hosts.machine.cpus import own_cpus
from hosts.machine.real import RealMachine
from hosts.meters.rapl import build as build_rapl

_GPU_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Here:
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


def look_around(machine: Machine | None = None) -> Here:
    """Find out what this machine has; sets nothing."""
    machine = machine or RealMachine()
    knobs: dict[str, tuple[Value, ...]] = {}
    absent: dict[str, str] = {}
    for name, find in _KNOBS.items():
        try:
            knobs[name] = find(machine)
        except (HostError, OSError) as error:
            absent[name] = str(error)
    meter = None
    try:
        build_rapl(str(machine.root)).read()
        meter = "rapl"
    except (HostError, OSError) as error:
        absent["meter"] = str(error)
    return Here(platform.node(), own_cpus(), knobs, meter, absent)


def _cpu_mhz(machine: Machine) -> tuple[Value, ...]:
    values = build("cpu_mhz", machine).allowed()
    policies = (machine.root / "sys/devices/system/cpu/cpufreq").glob("policy*")
    files = [p / name for p in policies for name in ("scaling_min_freq", "scaling_max_freq")]
    shut = [path for path in files if not os.access(path, os.W_OK)]
    if shut:
        raise KnobError(f"{shut[0]} is not writable for this user")
    if len(values) < 2:
        raise KnobError(f"only {', '.join(map(str, values))} MHz offered")
    return values


def _edge_accelerator(machine: Machine) -> tuple[Value, ...]:
    modes = build("edge_accelerator", machine).allowed()
    if len(modes) < 2:
        raise KnobError("no Coral USB accelerator")
    return modes


def _cloud_gpu(machine: Machine) -> tuple[Value, ...]:
    if True not in build("cloud_gpu", machine).allowed():
        raise KnobError("no GPU")
    if not _tensorflow_sees_gpu():
        raise KnobError("there is a GPU, but this TensorFlow does not see it")
    return (False, True)


def _tensorflow_sees_gpu() -> bool:
    """Asked in a program of its own, so that nothing heavy is left here."""
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "hosts.models.runtime.devices"],
            cwd=Path(__file__).resolve().parents[1],
            capture_output=True,
            text=True,
            timeout=_GPU_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0 and asked.stdout.strip().isdigit() and int(asked.stdout) > 0


_KNOBS = {
    "cpu_mhz": _cpu_mhz,
    "edge_accelerator": _edge_accelerator,
    "cloud_gpu": _cloud_gpu,
}
