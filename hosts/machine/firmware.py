"""What a Raspberry Pi's firmware says, by its program `vcgencmd`; other hosts have none."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hosts.machine.base import Machine

_PATIENCE_S = 3.0


def firmware_says(machine: Machine, *words: str) -> str | None:
    """The firmware's answer; None: there is no such program here, or it says nothing."""
    if machine.emulated or shutil.which("vcgencmd") is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        asked = subprocess.run(
            ["vcgencmd", *words], capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
        return asked.stdout.strip()
    return None


def arm_clock_mhz(machine: Machine) -> float | None:
    """The CPU's clock as the firmware measures it, in MHz; None: it does not tell."""
    said = firmware_says(machine, "measure_clock", "arm")
    hertz = (said or "").partition("=")[2]  # frequency(48)=1500398464
    return int(hertz) / 1e6 if hertz.isdigit() else None
