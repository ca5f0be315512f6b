"""How often the 95 % interval of an energy holds the truth: meter and integration alone.

Each window is of another configuration of VGG16's profile, on boards' histories of power in virtual
time; its meters are drawn anew from what they state of themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from dynasplit.accounting import build
from dynasplit.accounting._view import viewed
from dynasplit.accounting.base import ROLES, Role
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.testbed import window_times
from dynasplit.testbed.channels import HostTraces
from dynasplit.testbed.energy import EnergyRules, busy_of, energies_of
from dynasplit.testbed.uncertain import idle_u_w, uncertainty_of
from dynasplit.uncertainty.measurements import interval
from hosts.emulation.clock import NS_PER_S, PowerHistory, to_ns
from hosts.emulation.profile import Profile, load_profile
from hosts.wire.messages import Inference, RunReport
from tests.judged.drawn_meters import Drawn, Spec
from tests.system.test_emulated_figures import space

WINDOWS = 2000
BAR_PCT = (93.0, 97.0)
RULES = EnergyRules()
BASELINE_S = 60.0
LEAST = 5


METERS = {
    "as the published one": Spec(0.1, 0.1, 0.1, 0.1),
    "noisy": Spec(0.1, 0.1, 0.1, 0.1, noise_pct=0.5),
    "fast": Spec(0.01, 0.02, 0.02, 0.01, noise_pct=0.1),
    "of now": Spec(0.1, 0.5),
    "slow": Spec(1.0, 2.0),
    "lags": Spec(0.1, 5.0, 0.0, 1.0),
    "on another machine": Spec(0.1, 0.1, 0.1, 0.1, clock_s=0.01),
}
ACCOUNTINGS = {
    "occupied": build("occupied"),
    "active": build("active"),
    "wall": build("wall"),
    "shared": build("shared", share="time", tenants=4),
}


HEAD = f"| meter | states | {' | '.join(ACCOUNTINGS)} |\n|---|---|{'---|' * len(ACCOUNTINGS)}\n"


@cache
def boards_profile() -> Profile:
    """Whose powers and times the boards have."""
    return load_profile("pi4_coral_v100")


@cache
def every_configuration() -> tuple[Configuration, ...]:
    """Of VGG16."""
    return space().configurations


@dataclass
class Work:
    """A run on two boards.

    Attributes:
        histories: of their power. report: its inferences. idle_w: of the boards.
    """

    histories: dict[Role, PowerHistory]
    report: RunReport
    idle_w: dict[Role, float]


def worked(configuration: Configuration, least_s: float, lead_s: float, random) -> Work:
    """Rest, then inferences: a lead-in, a window of at least so long, a lead-out."""
    profile, k = boards_profile(), configuration.split_point
    mhz, mode, gpu = (
        configuration.cpu_mhz,
        configuration.edge_accelerator,
        configuration.cloud_gpu,
    )
    edge_w = [profile.edge.power_w(busy, mhz, mode) for busy in (False, True)]
    idle_w: dict[Role, float] = {"edge": edge_w[0], "cloud": profile.cloud.power_w(False, gpu)}
    tail_w = profile.tail_w("vgg16", k, gpu, 1)
    histories: dict[Role, PowerHistory] = {role: PowerHistory() for role in ROLES}
    at_ns = round((BASELINE_S + random.uniform(0, 1)) * NS_PER_S)
    stages_ms = (
        profile.edge_ms("vgg16", k, mhz, mode),
        profile.transfer_ms("vgg16", k, 1.0),
        profile.cloud_ms("vgg16", k, gpu, 1),
    )
    is_last = profile.is_last("vgg16", k)
    inferences: list[Inference] = []
    marks = [0]
    for lasts_s, least in ((lead_s, LEAST), (least_s, LEAST), (lead_s, 1)):
        end_ns = at_ns + round(lasts_s * 1e9)
        while at_ns < end_ns or len(inferences) < marks[-1] + least:
            factor = 1 + 0.01 * random.standard_normal()
            head_ns = at_ns + to_ns(stages_ms[0] * factor)
            tail_ns = head_ns + to_ns(stages_ms[1] * 0.8 * factor)
            done_ns = tail_ns + to_ns(stages_ms[2] * factor)
            end = head_ns if is_last else done_ns + to_ns(stages_ms[1] * 0.2 * factor)
            starts, ends = (None, None) if is_last else (tail_ns, done_ns)
            inferences.append(Inference(0, at_ns, head_ns, end, starts, ends, 0))
            histories["edge"].spend(at_ns, edge_w[0])
            histories["edge"].spend(head_ns, edge_w[1])
            if not is_last:
                histories["cloud"].spend(tail_ns, idle_w["cloud"])
                histories["cloud"].spend(done_ns, tail_w)
            at_ns = end
        marks.append(len(inferences))
    for role in ROLES:
        histories[role].spend(at_ns + 10 * NS_PER_S, idle_w[role])
    report = RunReport(inferences=inferences, first=marks[1], last=marks[2], tensor_bytes=0)
    return Work(histories, report, idle_w)


def held(spec: Spec, seed: int) -> dict[str, tuple[bool, float]]:
    """Of one window, by accounting: if its interval holds the truth, and half its width in %."""
    random = np.random.default_rng(seed)
    every = every_configuration()
    configuration = every[random.integers(len(every))]
    lag_s = 3 * max(0.0, (spec.averaging_s or 0.0) - spec.period_s) + 2 * spec.period_s
    work = worked(configuration, RULES.least_window_s(spec.period_s), lag_s, random)
    meters: dict[Role, Drawn] = {
        "edge": Drawn(spec, 8.0, random),
        "cloud": Drawn(spec, 930.0, random),
    }
    windows = {
        "edge": window_times.edge_window_ns(work.report),
        "cloud": window_times.cloud_window_ns(work.report),
    }
    traces, idles = {}, {}
    for role in ROLES:
        idle = meters[role].traces(work.histories[role], 5 * NS_PER_S, 55 * NS_PER_S)
        idles[role] = (idle.total(idle.means_w()) or 0.0, idle_u_w(idle))
        at_ns = windows[role]
        traces[role] = (
            HostTraces({}, ("wall",), 0.0)
            if at_ns is None
            else meters[role].traces(work.histories[role], *at_ns)
        )
    measured = _measurement(configuration, work.report, traces, idles, meters)
    true = _true(configuration, work, windows)
    found = {}
    for name, rule in ACCOUNTINGS.items():
        mine, exact = viewed([measured], rule)[0], viewed([true], rule)[0]
        span = interval(mine)
        assert span is not None
        is_held = span[0] <= exact.energy_j <= span[1]
        found[name] = is_held, 50 * (span[1] - span[0]) / mine.energy_j
    return found


def _measurement(configuration, report, traces, idles, meters) -> Measurement:
    energies = energies_of(report, traces["edge"], traces["cloud"], idles["cloud"][0], RULES)
    headers = {role: {"wall": meters[role].header} for role in ROLES}
    busy, (start_ns, end_ns) = busy_of(report), window_times.edge_window_ns(report)
    return Measurement(
        configuration=configuration,
        latency_ms=1.0,
        energy_j=energies.energy_j,
        edge_energy_j=energies.edge_energy_j,
        cloud_energy_j=energies.cloud_energy_j,
        edge_idle_w=idles["edge"][0],
        cloud_idle_w=idles["cloud"][0],
        cloud_busy_ms=1000 * busy.cloud_s,
        inferences=report.last - report.first,
        window_s=(end_ns - start_ns) / 1e9,
        uncertainty=uncertainty_of(report, traces, headers, idles),
    )


def _true(configuration, work: Work, windows) -> Measurement:
    """What the boards have drawn."""
    report, count = work.report, work.report.last - work.report.first
    start_ns, end_ns = windows["edge"]
    edge_j = work.histories["edge"].exact_j(start_ns, end_ns) / count
    busy_s = busy_of(report).cloud_s
    cloud_j = 0.0
    if windows["cloud"] is not None:
        first_ns, last_ns = windows["cloud"]
        cloud_j = work.histories["cloud"].exact_j(first_ns, last_ns) / count
        cloud_j -= work.idle_w["cloud"] * ((last_ns - first_ns) / 1e9 / count - busy_s)
    return Measurement(
        configuration=configuration,
        latency_ms=1.0,
        energy_j=edge_j + cloud_j,
        edge_energy_j=edge_j,
        cloud_energy_j=cloud_j,
        edge_idle_w=work.idle_w["edge"],
        cloud_idle_w=work.idle_w["cloud"],
        cloud_busy_ms=1000 * busy_s,
        inferences=count,
        window_s=(end_ns - start_ns) / 1e9,
    )


class Cell(NamedTuple):
    """What came of a meter's windows under one accounting.

    Attributes:
        windows: how many. held: those whose interval holds the truth.
        half_pct: half the interval's width, of the energy: the median.
    """

    windows: int
    held: int
    half_pct: float

    @property
    def held_pct(self) -> float:
        """The share that holds it."""
        return 100 * self.held / self.windows


@cache
def cells(meter: str, windows: int = WINDOWS) -> dict[str, Cell]:
    """Of a meter, by accounting; each window's meters are drawn anew."""
    every = [held(METERS[meter], seed) for seed in range(windows)]
    return {
        rule: Cell(
            windows,
            sum(one[rule][0] for one in every),
            float(np.median([one[rule][1] for one in every])),
        )
        for rule in ACCOUNTINGS
    }


def row(meter: str, found: Mapping[str, Cell]) -> str:
    """One line of the table."""
    told = [f"{cell.held_pct:.1f} % ({cell.half_pct:.2g} %)" for cell in found.values()]
    return f"| {' | '.join((meter, METERS[meter].words, *told))} |\n"


def text() -> str:
    """The table."""
    return HEAD + "".join(row(meter, cells(meter)) for meter in METERS)
