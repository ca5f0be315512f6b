"""Which processes are left of those that a test saw."""

import time
from collections.abc import Iterable

import psutil


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left(family: Iterable[psutil.Process], within_s: float = 0.0) -> list[psutil.Process]:
    """Those that are still there after so long."""
    until_s = time.monotonic() + within_s
    while (there := [p for p in family if is_alive(p)]) and time.monotonic() < until_s:
        time.sleep(0.1)
    return there


def words_of(process: psutil.Process) -> str:
    """Its command line; nothing where it has gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
