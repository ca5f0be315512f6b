"""No instrument: a host's power by the CPU time of all that runs there, times stated watts.

power = idle_w + core_w * (busy CPUs), and for a GPU idle W + (limit W - idle W) * utilisation. CPU
time is the kernel's (`/proc/stat`, in ticks of 10 ms), utilisation the driver's. Frequency, memory
and everything else that draws power is left out, so that such figures are no measurements: every
table and figure calls them estimated.

Watts that nobody states are those of an average server's hardware thread: 0.74 W idle, 3.5 W busy
(Cloud Carbon Footprint's averages for AWS, from SPECpower results).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hosts.core.errors import BoardError, MeterError
from hosts.emulation.profile import load_profile
from hosts.machine.cpus import busy_s_of, cpus_in
from hosts.meters.base import PolledMeter
from hosts.wire.readings import Channel

IDLE_W, BUSY_W = 0.74, 3.5
"""Of an average server's hardware thread; see above."""

_STATED = "hosts.<role>.meter_options"
_AVERAGE = "averages of servers by Cloud Carbon Footprint, not of this host"


class Estimate(PolledMeter):
    """CPU time times watts. How far off it is nobody knows; 50 % is assumed.

    Each reading is the mean since the one before.
    """

    error_pct = 50.0
    estimated = True

    def __init__(self, stat: Path, cpus: tuple[int, ...], watts: tuple[float, float]) -> None:
        """Estimate the power of these CPUs, none named: of all, by (idle W, W a busy CPU)."""
        self._stat, self._tick_s = stat, 1 / os.sysconf("SC_CLK_TCK")
        found = busy_s_of(self._text(), self._tick_s)
        strange = [cpu for cpu in cpus if cpu not in found]
        if strange or not found:
            raise MeterError(
                f"CPU {', '.join(map(str, strange)) or 'time'} is not in {stat}; there are: "
                f"{', '.join(map(str, found)) or 'none'}"
            )
        self._cpus = cpus or tuple(found)
        self._idle_w, self._core_w = watts
        self._before: tuple[int, float] | None = None
        self._gpu: _Gpu | None = None
        self.channels = (Channel(domain="package"),)

    @property
    def count(self) -> int:
        """The number of CPUs that count."""
        return len(self._cpus)

    def state(self, idle_w: float | None, core_w: float, source: str) -> None:
        """Take over the watts and where they are from; idle None: the average of each CPU."""
        self._idle_w = IDLE_W * self.count if idle_w is None else idle_w
        self._core_w = core_w
        self.identity = (
            f"estimate: {self._idle_w:g} W idle and {core_w:g} W a busy CPU, of CPU "
            f"{', '.join(map(str, self._cpus))} (watts: {source})"
        )

    def see_gpu(self, limit_w: float, idle_w: float, index: int) -> None:
        """Estimate a GPU too."""
        self._gpu = _Gpu(limit_w, idle_w, index)
        self.channels = (*self.channels, Channel(domain="gpu"))
        self.identity += f"; GPU {index}: {idle_w:g} W idle, {limit_w:g} W at its limit"

    def read(self) -> list[float | None]:
        """Mean power since the last reading; None: this is the first."""
        at_ns = self.clock.now_ns()
        busy_s = sum(busy_s_of(self._text(), self._tick_s).get(cpu, 0.0) for cpu in self._cpus)
        before, self._before = self._before, (at_ns, busy_s)
        watts = None
        if before is not None and at_ns > before[0]:
            busy = max(0.0, busy_s - before[1]) * 1e9 / (at_ns - before[0])
            watts = self._idle_w + self._core_w * min(busy, float(self.count))
        return [watts] if self._gpu is None else [watts, self._gpu.power_w()]

    def _text(self) -> str:
        try:
            return self._stat.read_text()
        except OSError as error:
            raise MeterError(
                f"{self._stat}: CPU time cannot be read: {error.strerror}; this meter needs Linux"
            ) from error


class _Gpu:
    """One NVIDIA GPU by its utilisation."""

    def __init__(self, limit_w: float, idle_w: float, index: int) -> None:
        from hosts.meters.nvml import opened

        self._limit_w, self._idle_w = limit_w, idle_w
        self._nvml: Any = opened()
        try:
            self._handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
            self._nvml.nvmlDeviceGetUtilizationRates(self._handle)
        except self._nvml.NVMLError as error:
            raise MeterError(f"GPU {index} does not tell its utilisation: {error}") from error

    def power_w(self) -> float:
        """Between idle and its limit, as it is used."""
        try:
            used = float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu) / 100
        except self._nvml.NVMLError as error:
            raise MeterError(f"the GPU did not tell its utilisation: {error}") from error
        return self._idle_w + used * (self._limit_w - self._idle_w)


def build(
    core_w: float | None = None,
    idle_w: float | None = None,
    source: str = "",
    profile: str = "",
    cpus: str = "",
    gpu: str = "",
    root: str = "/",
) -> Estimate:
    """A host's power by its CPU time.

    Args:
        core_w: what a busy CPU adds, in W.
        idle_w: what the CPUs draw without work.
        source: where these watts are from, in words.
        profile: a profile's board that states them: `pi4_coral_v100.edge`.
        cpus: those that count, `0-3` or `0,1`; empty: all.
        gpu: `LIMIT_W`, or `LIMIT_W,IDLE_W` of the first GPU; empty: none is estimated.
        root: stands for `/`.
    """
    stated = [w for w in (core_w, idle_w) if w is not None]
    if profile and stated:
        raise MeterError(f"profile={profile} beside core_w or idle_w; allowed: one of the two")
    if any(isinstance(w, bool | str) or not 0 <= w < 1e6 for w in stated):
        pairs = (("core_w", core_w), ("idle_w", idle_w))
        words = ", ".join(f"{name}={w}" for name, w in pairs if w is not None)
        raise MeterError(f"{words}; allowed: watts from 0")
    text = str(cpus)
    chosen = tuple(sorted(cpus_in(text))) if text else ()
    meter = Estimate(Path(root) / "proc/stat", chosen, (0.0, 0.0))
    if profile:
        idle_w, core_w = _watts_of(profile, meter.count)
        source = source or f"profile {profile}"
    words = source or (_STATED if stated else _AVERAGE)
    meter.state(idle_w, BUSY_W - IDLE_W if core_w is None else core_w, words)
    if gpu:
        limit_w, _, idle = str(gpu).partition(",")
        try:
            meter.see_gpu(float(limit_w), float(idle or 0), 0)
        except ValueError as error:
            raise MeterError(f"gpu={gpu!r}; allowed: LIMIT_W, or LIMIT_W,IDLE_W") from error
    meter.averaging_s = meter.period_s
    return meter


def _watts_of(name: str, cpus: int) -> tuple[float, float]:
    """(idle W, W a busy CPU) of a profile's board at its highest frequency, without accelerator."""
    named, _, board = name.rpartition(".")
    try:
        profile = load_profile(named or name)
    except BoardError as error:
        raise MeterError(f"profile={name}: {error}") from error
    if board == "edge":
        mhz = float(max(profile.edge.cpu_mhz))
        idle_w, busy_w = (profile.edge.power_w(active, mhz, "off") for active in (False, True))
    elif board == "cloud" and profile.cloud.tail_cpu_w is not None:
        idle_w, busy_w = (profile.cloud.power_w(active, False) for active in (False, True))
    else:
        raise MeterError(
            f"profile={name}; allowed: NAME.edge, or NAME.cloud where its CPU's power is known"
        )
    return idle_w, (busy_w - idle_w) / cpus
