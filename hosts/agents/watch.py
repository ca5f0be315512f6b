"""A watch over waiting: calls off what takes longer than it may."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator


class Watch:
    """Looks after one wait at a time, from one thread: nothing is started while times are taken.

    Attributes:
        has_rung: whether the last wait was called off.
    """

    def __init__(self, limit_s: float) -> None:
        self.has_rung = False
        self._limit_s = limit_s
        self._wait: tuple[float, Callable[[], object]] | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @contextlib.contextmanager
    def over(self, call_off: Callable[[], object]) -> Iterator[None]:
        """Call `call_off`, from another thread, if what is inside lasts too long."""
        self.has_rung = False
        self._wait = (time.monotonic() + self._limit_s, call_off)
        try:
            yield
        finally:
            self._wait = None

    def close(self) -> None:
        """Look after nothing any more."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(min(1.0, self._limit_s / 4)):
            wait = self._wait
            if wait is not None and time.monotonic() > wait[0]:
                self.has_rung = True
                wait[1]()
