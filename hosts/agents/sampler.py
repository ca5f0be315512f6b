"""Samples of a host, taken by a thread of its agent while windows are measured.

A sample takes some 0.1 to 0.3 ms of one CPU, four times a second. A board, whose time does not pass
by itself, is looked at before and after a run.
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
LOOP = 200_000
"""Iterations by which a frequency is felt: far longer than a scheduler's period, some 10 ms."""


class Sampler:
    """Samples from its start on; who takes them gets those since they were taken last."""

    def __init__(self, machine: Machine, look: HostLook | None = None) -> None:
        """Begin."""
        self._samples: deque[HostSample] = deque(maxlen=_KEPT)
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._machine, self._look, self._before = machine, look, machine.look()
        if not machine.emulated:
            import time

            self._look = look or HostLook(machine.root, own_cpus(), time.process_time)
            threading.Thread(target=self._run, name="sampler", daemon=True).start()

    def begin(self, *, felt: bool = False) -> None:
        """A run begins: what was before it does not count. `felt`: as `take`."""
        self.take()
        if felt and self._look is not None:
            self._add(self._loop_ns())

    def take(self, *, felt: bool = False) -> list[HostSample]:
        """One more sample, and all since the last call; of a board, the last one before it too.

        Args:
            felt: with the time of a loop of pure computing, which a board always tells.
        """
        if self._look is None:
            seen = (self._before, self._machine.look())
            self._before = seen[1]
            return [one for one in seen if one is not None]
        self._look.children = _children()
        self._add(self._loop_ns() if felt else None)
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

    def _add(self, loop_ns: float | None = None) -> None:
        assert self._look is not None
        with contextlib.suppress(Exception), self._lock:  # observing costs no measurement
            sample = self._look.sample()
            sample.loop_ns = loop_ns
            self._samples.append(sample)

    def _loop_ns(self) -> float:
        start_ns, end_ns = self._machine.loop("felt", LOOP)
        return (end_ns - start_ns) / LOOP


def _children() -> tuple[int, ...]:
    """What this program has started: it works for the measurement."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        return tuple(child.pid for child in psutil.Process().children(recursive=True))
    return ()
