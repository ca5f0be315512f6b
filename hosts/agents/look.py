"""Looks at a host without changing it: rights on knobs' files, load, temperature, throttling.

python -m hosts.agents.look cpu_mhz edge_accelerator
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hosts.agents.open_machine import open_machine
from hosts.conditions.temperature_c import TemperatureC
from hosts.core.errors import HostError, one_line
from hosts.knobs.base import build
from hosts.machine.base import Machine
from hosts.machine.state_folder import state_folder
from hosts.machine.throttling import throttling
from hosts.models.prepared.artifacts import default_root
from hosts.wire.preflight import KnobLook, Look

_LOOK_S = 1.0


def look(machine: Machine, knobs: Sequence[str]) -> Look:
    """What can be told of a host and of these knobs."""
    load_pct, swapping = (None, False) if machine.emulated else _load()
    return Look(
        knobs={name: look_at_knob(name, machine) for name in knobs},
        load_pct=load_pct,
        swapping=swapping,
        temperature_c=TemperatureC().read(machine),
        throttling=throttling(machine),
        shut_folders=tuple(str(p) for p in (state_folder(), default_root()) if not _may_write(p)),
    )


def look_at_knob(name: str, machine: Machine) -> KnobLook:
    """What can be told of a knob without setting it."""
    try:
        knob = build(name, machine)
        return KnobLook(values=knob.allowed(), shut=tuple(map(str, knob.shut_files())))
    except (HostError, OSError) as error:
        return KnobLook(trouble=one_line(error))


def _load() -> tuple[float, bool]:
    """Busy share of all CPUs over a moment, in %, and whether memory was swapped meanwhile."""
    import psutil

    before = psutil.swap_memory()
    load_pct = psutil.cpu_percent(interval=_LOOK_S)
    after = psutil.swap_memory()
    return load_pct, (after.sin, after.sout) != (before.sin, before.sout)


def _may_write(path: Path) -> bool:
    """True if this user may write a folder, or make it."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return os.access(there, os.W_OK | os.X_OK)


def main() -> None:
    """Print what can be told."""
    found = look(open_machine(), sys.argv[1:])
    print(msgspec.json.encode(found).decode(), flush=True)


if __name__ == "__main__":
    main()
