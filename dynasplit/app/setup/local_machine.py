"""This machine, where it is both hosts: looked at once, its CPUs divided between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hosts.discover import ThisMachine, look_around


@cache
def here() -> ThisMachine:
    """The CPUs, knobs and meter of this machine, looked up once."""
    return look_around()


def divided(cpus: Sequence[int]) -> tuple[list[int], list[int]]:
    """The edge's CPUs and the cloud's: halves, the odd one to the cloud; one CPU is shared."""
    if len(cpus) < 2:
        return list(cpus), list(cpus)
    half = len(cpus) // 2
    return list(cpus[:half]), list(cpus[half:])
