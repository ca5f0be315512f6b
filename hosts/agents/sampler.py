"""Samples of a host, taken by a thread of its agent while windows are measured.

Boards have nothing to sample. A sample takes some 0.1 to 0.3 ms of one CPU, four times a second.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque

from hosts.machine.base import Machine
from hosts.machine.cpus import own_cpus
from hosts.machine.sampling import HostLook
from hosts.wire.samples import HostSample

PERIOD_S = 0.25
_KEPT = 20_000  # over an hour


class Sampler:
    """Samples from its start on; who takes them gets those since they were taken last."""

    def __init__(self, machine: Machine, look: HostLook | None = None) -> None:
        """Begin; on a board, do nothing."""
        self._samples: deque[HostSample] = deque(maxlen=_KEPT)
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._look = look
        if not machine.emulated:
            import time

            self._look = look or HostLook(machine.root, own_cpus(), time.process_time)
            threading.Thread(target=self._run, name="sampler", daemon=True).start()

    def take(self) -> list[HostSample]:
        """One more sample, and all since the last call."""
        if self._look is None:
            return []
        self._look.children = _children()
        self._add()
        with self._lock:
            taken = list(self._samples)
            self._samples.clear()
        return taken

    def close(self) -> None:
        """Sample no more."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_S):
            self._add()

    def _add(self) -> None:
        assert self._look is not None
        with contextlib.suppress(Exception), self._lock:  # observing costs no measurement
            self._samples.append(self._look.sample())


def _children() -> tuple[int, ...]:
    """What this program has started: it works for the measurement."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return tuple(child.pid for child in psutil.Process().children(recursive=True))
    return ()
