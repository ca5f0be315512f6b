"""Made-up windows for gates: an edge, and a cloud if wanted, with a wall meter."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from dynasplit.core.power_trace import Trace
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.energy import Energies
from dynasplit.testbed.gates._window import HostWindow, IdleWindow, Window
from dynasplit.testbed.gates.base import gates
from dynasplit.testbed.judging import GateRules, judge
from hosts.wire.messages import Inference, RunReport
from hosts.wire.samples import HostSample
from hosts.wire.window_rules import WindowRules

PERIOD_S = 0.1
COUNT = 24


def noisy(mean: float, pct: float = 1.0, count: int = COUNT, seed: int = 0) -> np.ndarray:
    """Values around a mean."""
    return mean * (1 + pct / 100 * np.random.default_rng(seed).standard_normal(count))


def trace(watts: Sequence[float], begin_s: float = 0.05) -> Trace:
    """Readings every 0.1 s."""
    times_s = begin_s + PERIOD_S * np.arange(len(watts))
    return Trace(times_s, np.asarray(watts, dtype=float), PERIOD_S)


def host(
    watts: Sequence[float],
    before: Sequence[float] = (2.0, 2.1, 2.0),
    samples: Sequence[HostSample] = (),
    knobs: Mapping[str, object] | None = None,
) -> HostWindow:
    """A host whose wall meter gives these readings in the window, others before it."""
    every = trace([*before, *watts], 0.05 - PERIOD_S * len(before))
    inside = HostTraces({"wall": trace(watts)}, ("wall",), PERIOD_S * len(watts))
    return HostWindow(
        traces=inside,
        since={"wall": every},
        samples=samples,
        span_ns=(0, round(1e9 * inside.length_s)),
        knobs=knobs or {},
    )


def without_meter() -> HostWindow:
    return HostWindow(traces=HostTraces({}, (), 0.0))


def report(latencies_ms: Sequence[float]) -> RunReport:
    """One inference before the window, then these one after another."""
    ends_ns = np.cumsum([1e6, *(1e6 * np.asarray(latencies_ms))]).round().astype(int).tolist()
    starts_ns = [0, *ends_ns[:-1]]
    found = [
        Inference(0, start, end, end, None, None, 0)
        for start, end in zip(starts_ns, ends_ns, strict=True)
    ]
    return RunReport(inferences=found, first=1, last=len(found), tensor_bytes=0)


def window(
    edge: HostWindow | None = None,
    cloud: HostWindow | None = None,
    latencies_ms: Sequence[float] | None = None,
    energy_j: float | None = 1.0,
    **more: object,
) -> Window:
    """A healthy window, but for what is given."""
    times_ms = noisy(100.0, seed=7) if latencies_ms is None else latencies_ms
    conditions = more.pop("conditions", {})
    return Window(
        name="split 1",
        report=report(times_ms),
        hosts={
            "edge": edge or host(noisy(4.0, seed=1)),
            "cloud": cloud or without_meter(),
        },
        energies=Energies(energy_j, energy_j, None, COUNT, None, {}),
        conditions=conditions,
        rules=WindowRules(),
        **more,
    )


def after(earlier: Window, later: Window) -> Window:
    return dataclasses.replace(later, before=earlier)


def verdict(name: str, one: Window, **limits: float | None):
    """What a gate says of a window."""
    return gates()[name](**limits).check(one)


def idle_verdict(name: str, idle: IdleWindow, **limits: float | None):
    return gates()[name](**limits).check_idle(idle)


def judged(one: Window, **actions: str):
    """What all gates find; those named with these actions, the others off."""
    return judge(GateRules({name: actions.get(name, "off") for name in gates()}), one)
