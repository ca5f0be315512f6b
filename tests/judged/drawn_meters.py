"""Meters that are drawn anew from what they state of themselves, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dynasplit.core.power_trace import Trace
from dynasplit.testbed.channels import HostTraces
from hosts.emulation.clock import NS_PER_S, PowerHistory
from hosts.wire.readings import Channel, MeterHeader


class Spec(NamedTuple):
    """A meter's account of itself, and what its clock is known to.

    Attributes:
        period_s: between readings. reading_pct: of its error. range_pct: of 1.5 times the most
            that is drawn. averaging_s: each reading is the mean over so long.
        noise_pct: standard deviation of each reading.
        clock_s: by how much its times may be off.
    """

    period_s: float
    reading_pct: float
    range_pct: float = 0.0
    averaging_s: float | None = None
    noise_pct: float = 0.0
    clock_s: float = 0.0

    @property
    def words(self) -> str:
        """What it states, in words."""
        mean = "of now" if self.averaging_s is None else f"mean over {self.averaging_s:g} s"
        told = [
            f"each {self.period_s:g} s, {mean}, {self.reading_pct:g} % of reading",
            f"{self.range_pct:g} % of range" if self.range_pct else "",
            f"noise {self.noise_pct:g} %" if self.noise_pct else "",
            f"its clock known to {1000 * self.clock_s:g} ms" if self.clock_s else "",
        ]
        return ", ".join(filter(None, told))


@dataclass
class Drawn:
    """A meter as it is: its errors are within what it states."""

    spec: Spec
    most_w: float
    random: np.random.Generator

    def __post_init__(self) -> None:
        spec, uniform = self.spec, self.random.uniform
        self._gain = spec.reading_pct / 100 * uniform(-1, 1)
        self.range_w = 1.5 * self.most_w * spec.range_pct / 100
        self._offset_w = self.range_w * uniform(-1, 1)
        self._late_s = spec.clock_s * uniform(-1, 1)
        self._phase_s = spec.period_s * uniform(0, 1)

    @property
    def header(self) -> MeterHeader:
        """What it states."""
        return MeterHeader(
            meter="drawn",
            identity="drawn",
            channels=(Channel(domain="wall"),),
            period_s=self.spec.period_s,
            error_pct=self.spec.reading_pct,
            error_range_w=self.range_w,
            averaging_s=self.spec.averaging_s,
            emulated=True,
        )

    def traces(self, history: PowerHistory, start_ns: int, end_ns: int) -> HostTraces:
        """Its readings around a window."""
        period_s, length_s = self.spec.period_s, (end_ns - start_ns) / 1e9
        first = np.floor((-2 * period_s - self._phase_s) / period_s)
        count = int((length_s + 5 * period_s) / period_s) + 1
        times_s = self._phase_s + period_s * (first + np.arange(count))
        half_s = (self.spec.averaging_s or 1e-6) / 2
        at_ns = start_ns + (times_s - self._late_s) * NS_PER_S
        edges_ns = np.array(history._ends_ns, dtype=np.float64)
        joules = np.cumsum(np.array(history._watts) * np.diff(edges_ns, prepend=0.0)) / NS_PER_S
        drawn_j = np.interp(at_ns + half_s * 1e9, edges_ns, joules)
        drawn_j -= np.interp(at_ns - half_s * 1e9, edges_ns, joules)
        watts = drawn_j / (2 * half_s) / (1 - self._gain) + self._offset_w
        watts *= 1 + self.spec.noise_pct / 100 * self.random.standard_normal(count)
        trace = Trace(times_s, watts, period_s, uncertain_s=self.spec.clock_s)
        return HostTraces({"wall": trace}, ("wall",), length_s)
