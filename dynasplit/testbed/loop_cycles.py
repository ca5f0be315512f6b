"""Clock cycles of a loop of pure computing, which are the same at each frequency."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hosts.wire.samples import HostSample

_KNOB = "cpu_mhz"
_KEPT = 101


def cycles_of(samples: Sequence[HostSample], knobs: Mapping[str, object]) -> float | None:
    """Cycles of one iteration, of the quickest loop among samples.

    Returns:
        None: there was no loop, no frequency was set, or one that stands for all turbo
        frequencies (a value that ends in 1 MHz).
    """
    mhz, loops_ns = knobs.get(_KNOB), [s.loop_ns for s in samples if s.loop_ns is not None]
    if not isinstance(mhz, int) or mhz % 10 == 1 or not loops_ns:
        return None
    return min(loops_ns) * mhz / 1000


@dataclass
class LoopCycles:
    """The cycles of each host's windows so far, those that a gate refused too."""

    _of: dict[str, deque[float]] = field(default_factory=dict)

    def usual(self, role: str) -> float | None:
        """The median; None: there is none yet."""
        seen = self._of.get(role)
        return statistics.median(seen) if seen else None

    def add(self, role: str, cycles: float | None) -> None:
        """Those of another window."""
        if cycles is not None:
            self._of.setdefault(role, deque(maxlen=_KEPT)).append(cycles)
