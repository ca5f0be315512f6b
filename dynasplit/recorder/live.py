"""Figures of a search while it goes on, gathered so that they are written once a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable

from dynasplit.core.measurement import Measurement
from dynasplit.recorder.points import Point

EVERY_S = 1.0
_OF_EACH = ("latency_ms", "energy_j")


class LiveFigures:
    """A step for each measurement: how many there are, its figures, the testbed's time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is measured yet; `clock` tells seconds."""
        self._clock = clock
        self._points: list[Point] = []
        self._written_s = clock() - EVERY_S
        self._testbed_time_s = 0.0

    def add(self, measurement: Measurement, number: int, gain: float | None = None) -> None:
        """Take a measurement, the so manieth of the run, and what it was expected to gain."""
        self._testbed_time_s += measurement.testbed_time_s or 0.0
        self._points.append(("live.measured", float(number), number))
        self._points.append(("live.testbed_time_s", self._testbed_time_s, number))
        for name in _OF_EACH:
            value = getattr(measurement, name)
            if value is not None:
                self._points.append((f"live.last_{name}", value, number))
        if gain is not None:
            self._points.append(("live.expected_gain", gain, number))

    def is_due(self) -> bool:
        """True if there is something to write and the last time is a second ago."""
        return bool(self._points) and self._clock() - self._written_s >= EVERY_S

    def taken(self) -> list[Point]:
        """What is to be written, which is then forgotten."""
        points, self._points = self._points, []
        self._written_s = self._clock()
        return points
