"""Pure computing: a loop on one CPU whose time follows its frequency, and a load on all CPUs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable

from hosts.machine.cpus import own_cpus

_BLOCK = bytes(64 * 1024)  # stays in the cache of one CPU, so that memory slows nothing


def go_through(iterations: int) -> int:
    """A loop of additions in registers and the first cache alone; returns what it came to."""
    total = 0
    for i in range(iterations):
        total = (total + i) & 0xFFFF
    return total


def load_all_cpus(duration_s: float) -> None:
    """Hash on every CPU of this program for a while; hashing leaves the interpreter's lock."""
    until_s = time.monotonic() + duration_s
    threads = [
        threading.Thread(target=_hash_until, args=(until_s,), daemon=True)
        for _ in range(len(own_cpus()) or 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def keep_busy(cpu: int, duration_s: float) -> None:
    """Hash on one CPU for a while, where the system lets this program run on it."""

    def run() -> None:
        with contextlib.suppress(OSError, AttributeError):  # of this thread alone
            os.sched_setaffinity(0, [cpu])
            _hash_until(time.monotonic() + duration_s)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()


def _hash_until(until_s: float, clock: Callable[[], float] = time.monotonic) -> None:
    while clock() < until_s:
        hashlib.sha256(_BLOCK).digest()
