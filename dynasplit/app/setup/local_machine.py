"""This machine, where it is both hosts: looked at once, its CPUs divided between them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from hosts.discover import ThisMachine, look_around
from hosts.machine.real import RealMachine


@cache
def here(python: str = sys.executable, runtime: str = "auto") -> ThisMachine:
    """The CPUs, knobs and meter of this machine, looked up once.

    Args:
        python: the interpreter that computes tails.
        runtime: the library asked of it.
    """
    machine = RealMachine()
    machine.python, machine.runtime = python, runtime
    return look_around(machine)


def divided(cpus: Sequence[int]) -> tuple[list[int], list[int]]:
    """The edge's CPUs and the cloud's: halves, the odd one to the cloud; one CPU is shared."""
    if len(cpus) < 2:
        return list(cpus), list(cpus)
    half = len(cpus) // 2
    return list(cpus[:half]), list(cpus[half:])
