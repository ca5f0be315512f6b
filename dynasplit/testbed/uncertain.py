"""What a window and its meters leave open of a measurement's energy, by host."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dynasplit.accounting.base import ROLES, Role
from dynasplit.testbed import window_times
from dynasplit.testbed.channels import HostTraces
from dynasplit.uncertainty.window import Course, LeftOpen, left_open
from hosts.wire.messages import RunReport
from hosts.wire.readings import MeterHeader

Idle = tuple[float, float]
"""Idle power in W, and its standard uncertainty."""


def uncertainty_of(
    report: RunReport,
    traces: Mapping[Role, HostTraces],
    headers: Mapping[Role, Mapping[str, MeterHeader]],
    idles: Mapping[Role, Idle],
) -> dict[str, float]:
    """A measurement's field `uncertainty`; of hosts that have a meter.

    Args:
        report: the window's inferences.
        traces: each host's channels; none where it had no window.
        headers: of the meter of each channel.
        idles: where idle power was measured.
    """
    found: dict[str, float] = {}
    for role in ROLES:
        host, told = traces[role], headers[role]
        counted = [name for name in host.counted if name in told]
        if not counted:
            continue
        found[f"{role}_reading_pct"] = _reading_pct(host, {n: told[n].error_pct for n in counted})
        found[f"{role}_range_w"] = sum(told[n].error_range_w or 0.0 for n in counted)
        if role in idles:
            found[f"{role}_idle_w"] = idles[role][1]
        if host.traces:
            left = _left_open(report, role, host, told, idles.get(role))
            found |= {f"{role}_{part}_j": value for part, value in left._asdict().items()}
    return found


def idle_u_w(traces: HostTraces) -> float:
    """The standard uncertainty of a baseline's mean, by the spread of its readings."""
    variance = 0.0
    for name in traces.counted:
        watts = traces.traces[name].within(0.0, traces.length_s).watts
        variance += float(watts.var(ddof=1)) / len(watts) if len(watts) > 1 else 0.0
    return math.sqrt(variance)


def _reading_pct(host: HostTraces, stated_pct: Mapping[str, float]) -> float:
    """By how much the host's energy is off; errors of several instruments go together."""
    means_w = {name: _mean_w(host, name) for name in stated_pct}
    if not (total_w := sum(means_w.values())):
        return max(stated_pct.values())
    return sum(stated_pct[name] * watts for name, watts in means_w.items()) / total_w


def _mean_w(host: HostTraces, name: str) -> float:
    watts = host.traces[name].within(0.0, host.length_s).watts if name in host.traces else ()
    return float(np.mean(watts)) if len(watts) else 0.0


def _left_open(
    report: RunReport,
    role: Role,
    host: HostTraces,
    told: Mapping[str, MeterHeader],
    idle: Idle | None,
) -> LeftOpen:
    """Of the window's energy an inference; several channels see the same edges."""
    idle_w = idle[0] if idle is not None and len(host.counted) == 1 else None
    course = Course(_busy_s(report, role), host.length_s, idle_w)
    every = [
        left_open(host.traces[name], course, told[name].averaging_s or 0.0) for name in host.counted
    ]
    count = len(window_times.counted(report))
    return LeftOpen(
        math.hypot(*(one.normal for one in every)) / count,
        sum(one.even for one in every) / count,
        sum(one.swing for one in every) / count,
    )


def _busy_s(report: RunReport, role: Role) -> npt.NDArray[np.float64]:
    """When the host computed, from the start of its window (m, 2); a batch's inferences are one."""
    at_ns = (
        window_times.edge_window_ns(report)
        if role == "edge"
        else window_times.cloud_window_ns(report)
    )
    assert at_ns is not None
    return (window_times.busy_spans_ns(report, role) - at_ns[0]) / 1e9
