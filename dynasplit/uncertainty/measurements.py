"""The 95 % intervals of measurements' energies, under the accounting that they count by.

A measurement keeps its uncertainty apart from any accounting (`Measurement.uncertainty`), by host:

- `edge_reading_pct`: half-width of the meter's error that is relative to the reading (rectangular);
- `edge_range_w`: half-width of the error of its range, in W (rectangular);
- `edge_idle_w`: standard uncertainty of idle power;
- `edge_normal_j`, `edge_even_j`, `edge_swing_j`: what noise, sampling, window edges and clock leave
  open of the window's energy, an inference: the standard deviation of its normal part, the
  half-widths of its rectangular and of its U-shaped part. Absent: the host had no window.

An accounting pays for some seconds of idle power: the meter's relative error is then of what is
left, that of its range acts for as long as is paid for, and idle power's for the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dynasplit.accounting import Accounting, named
from dynasplit.accounting._view import times_of
from dynasplit.accounting.base import ROLES, Role
from dynasplit.core.intervals import Interval
from dynasplit.core.measurement import Measurement
from dynasplit.uncertainty.propagation import half_widths


class HostParts(NamedTuple):
    """Of a host's energy, in J.

    Attributes:
        reading: half-width of the meter's error by reading. range: likewise of its range. Both
            stay the same from window to window.
        even: half-width of the window's rectangular part. swing: of its U-shaped one.
        normal: standard uncertainty of the window's normal part, and of idle power.
    """

    reading: float = 0.0
    range: float = 0.0
    even: float = 0.0
    swing: float = 0.0
    normal: float = 0.0


Parts = tuple[HostParts, HostParts]
"""Of edge and cloud; of one machine all is the edge's."""
_NONE = HostParts()


def parts_of(measurement: Measurement, rule: Accounting | None = None) -> Parts | None:
    """The parts of a measurement's energy; None: they are not known.

    Args:
        measurement: by any accounting.
        rule: the one that it is by, where that is at hand.
    """
    m = measurement
    if m.energy_j is None or not m.uncertainty:
        return None
    rule, times = rule or named(m.accounting), times_of(m)
    energies_j = {"edge": m.edge_energy_j, "cloud": m.cloud_energy_j}
    if energies_j == {"edge": None, "cloud": None}:
        energies_j = {"edge": m.energy_j, "cloud": 0.0}
    edge, cloud = (
        _of_host(m, role, energies_j[role], rule.idle_s(role, times), times.request_s)
        for role in ROLES
    )
    return None if edge is None or cloud is None else (edge, cloud)


def _of_host(
    m: Measurement, role: Role, energy_j: float | None, paid_s: float, window_s: float
) -> HostParts | None:
    if energy_j is None or energy_j == 0:
        return None if energy_j is None else _NONE
    known = {
        name.removeprefix(f"{role}_"): value
        for name, value in m.uncertainty.items()
        if name.startswith(role)
    }
    if "reading_pct" not in known:
        return None
    normal_j = known.get("normal_j")
    idle_s = paid_s if normal_j is None else paid_s - window_s  # without a window idle alone
    return HostParts(
        reading=known["reading_pct"] / 100 * abs(energy_j),
        range=known.get("range_w", 0.0) * paid_s,
        even=known.get("even_j", 0.0),
        swing=known.get("swing_j", 0.0),
        normal=math.hypot(normal_j or 0.0, known.get("idle_w", 0.0) * idle_s),
    )


def widths_j(every: Sequence[Parts]) -> list[float]:
    """Half the 95 % interval of each sum of parts (n,)."""
    if not every:
        return []
    parts = np.array(every)  # (n, 2 hosts, 5 parts)
    rectangles, swings = parts[:, :, :3].reshape(len(parts), -1), parts[:, :, 3]
    found: list[float] = half_widths(
        rectangles, swings, np.hypot(parts[:, 0, 4], parts[:, 1, 4])
    ).tolist()
    return found


def intervals(measurements: Sequence[Measurement]) -> list[Interval | None]:
    """The 95 % interval of each one's energy (n,); None: its uncertainty is not known.

    It is that of the window alone: runs differ from each other too (`repeats`).
    """
    rules = {label: named(label) for label in {m.accounting for m in measurements}}
    every = [parts_of(m, rules[m.accounting]) for m in measurements]
    widths = iter(widths_j([parts for parts in every if parts is not None]))
    found: list[Interval | None] = []
    for m, parts in zip(measurements, every, strict=True):
        if parts is None or m.energy_j is None:
            found.append(None)
            continue
        half_j = next(widths)
        found.append((max(0.0, m.energy_j - half_j), m.energy_j + half_j))
    return found


def interval(measurement: Measurement) -> Interval | None:
    """The 95 % interval of one measurement's energy."""
    return intervals([measurement])[0]
