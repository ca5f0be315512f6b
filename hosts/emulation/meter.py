"""The meter below an emulated board: mean power of each period, at its middle, with errors."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from hosts.emulation.board_base import Board
from hosts.emulation.clock import NS_PER_S
from hosts.emulation.hardware import Meter
from hosts.emulation.noise import generator

_BLOCK = 256


@dataclass
class BoardMeter:
    """Readings of a board's power history.

    The gain error is drawn once for the meter, the noise of a reading from its run's name and
    its place in the run: what was measured before changes nothing.
    """

    board: Board
    meter: Meter
    role: str
    _noise: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        random = generator(self.board.seed, "gain", self.role)
        self._gain = 1 + self.meter.gain_pct / 100 * float(random.uniform(-1, 1))
        self._period_ns = round(self.meter.period_s * NS_PER_S)

    def readings(self, first: int) -> list[tuple[int, float]]:
        """All complete readings from index `first` on: (time in ns, W)."""
        complete = self.board.history.now_ns // self._period_ns
        return [self._reading(i) for i in range(first, complete)]

    def _reading(self, index: int) -> tuple[int, float]:
        return self.reading_of(index, self.board.history.mean_w(*self.span_ns(index)))

    def span_ns(self, index: int) -> tuple[int, int]:
        """The period that a reading is the mean over."""
        return index * self._period_ns, (index + 1) * self._period_ns

    def reading_of(self, index: int, true_w: float) -> tuple[int, float]:
        """What it reads in a period in which so much power is drawn where it stands."""
        start_ns = index * self._period_ns
        noise = 1 + self.meter.noise_pct / 100 * self._standard_normal(start_ns)
        return start_ns + self._period_ns // 2, true_w * self._gain * noise

    def _standard_normal(self, start_ns: int) -> float:
        at = bisect.bisect_right(self.board.runs, start_ns, key=lambda run: run[0]) - 1
        run_start_ns, run = self.board.runs[at]
        block, place = divmod((start_ns - run_start_ns) // self._period_ns, _BLOCK)
        if (run, block) not in self._noise:
            random = generator(self.board.seed, "meter", self.role, run, block)
            self._noise = {(run, block): random.standard_normal(_BLOCK).tolist()}
        return self._noise[run, block][place]
