"""Energies of windows on the lab's hosts against what these have truly drawn.

A busy window computes on the edge all the time; in an idle one the edge sends an image and waits.
The lab knows each host's energy by its law of power, and the window's times are those that count.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from dynasplit.core.space import Configuration
from dynasplit.testbed import ssh, window_times
from dynasplit.testbed.address import MeterSpec
from dynasplit.testbed.energy import EnergyRules, energies_of
from dynasplit.testbed.opening import ssh_testbed
from dynasplit.testbed.retry import RetryPolicy
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules
from tests.lab.lab import EDGE_AHEAD_S, Lab, open_lab
from tests.lab.test_lab import address_of

WINDOWS = {0.1: 60, 0.25: 20, 1.0: 10}
"""How many windows with a meter that has a new value each so many seconds."""

PROFILES = {"busy": Configuration.of(7, batch_size=1024), "idle": Configuration.of(0)}
MOST_BIAS = 0.003
MOST_ERRORS = 2.0
_READINGS = 20


class Row(NamedTuple):
    """How far the windows of one meter and one profile are off.

    Attributes:
        update_s: the meter's. profile: busy or idle. windows: how many.
        bias: the mean of energy over truth, less one. error: its standard error.
        spread: of single windows.
    """

    update_s: float
    profile: str
    windows: int
    bias: float
    error: float
    spread: float

    @property
    def allowed(self) -> float:
        """The bias that is allowed."""
        return max(MOST_BIAS, MOST_ERRORS * self.error)


def row_of(update_s: float, profile: str, ratios: list[float]) -> Row:
    """The row of some windows' energies over truths."""
    spread = statistics.stdev(ratios)
    error = spread / math.sqrt(len(ratios))
    return Row(update_s, profile, len(ratios), statistics.fmean(ratios) - 1, error, spread)


HEAD = (
    "| a new value each | profile | windows | bias | standard error | allowed | single windows |\n"
    "|---|---|---|---|---|---|---|\n"
)


def line(row: Row) -> str:
    """One line of the table."""
    shares = (row.error, row.allowed, row.spread)
    error, allowed, spread = (f"{100 * share:.2f} %" for share in shares)
    cells = (f"{row.update_s:g} s", row.profile, str(row.windows), f"{100 * row.bias:+.2f} %")
    return f"| {' | '.join((*cells, error, allowed, spread))} |\n"


def whole(lab: Lab, update_s: float, profile: str, folder: Path) -> Row:
    """All windows of one meter and one profile."""
    return row_of(update_s, profile, ratios(lab, update_s, profile, WINDOWS[update_s], folder))


def text() -> str:
    """The table, of a lab of its own; some twenty minutes."""
    rows = []
    with open_lab() as lab, TemporaryDirectory() as folder:
        for update_s in WINDOWS:
            for profile in PROFILES:
                rows.append(line(whole(lab, update_s, profile, Path(folder))))
    return HEAD + "".join(rows)


def ratios(
    lab: Lab, update_s: float, profile: str, windows: int, folder: Path, **elsewhere: Any
) -> list[float]:
    """The edge's energy over its truth, a window each.

    Args:
        lab: up.
        update_s: of the edge's wall meter.
        profile: busy or idle.
        windows: how many.
        folder: for what a testbed keeps.
        elsewhere: `runs_on` of the edge's meter.
    """
    found: list[float] = []
    lab.set_update("edge", update_s)
    with _testbed(lab, update_s, folder, elsewhere) as testbed, _seen() as seen:
        for repeat in range(windows):
            once = partial(testbed.measure, PROFILES[profile], repeat=repeat)
            RetryPolicy().measure(once)
            report, edge = seen[-1]
            start_s, end_s = (at / 1e9 - EDGE_AHEAD_S for at in window_times.edge_window_ns(report))
            found_j = edge.total(testbed.energy.energies_j(edge))
            found.append(found_j / lab.between_j("edge", start_s, end_s))
    return found


@contextmanager
def _testbed(
    lab: Lab, update_s: float, folder: Path, elsewhere: dict[str, Any]
) -> Iterator[ssh.SshTestbed]:
    manifest = prepare(PrepareOrder("digits_cnn", images=12), print)
    addresses = []
    for role in ("edge", "cloud"):
        period_s = update_s if role == "edge" else 0.1
        options = {"resource": lab.hosts[role].resource, "period_s": period_s}
        meter = MeterSpec("gpm8213", options, **(elsewhere if role == "edge" else {}))
        addresses.append(replace(address_of(lab, role), meters=(meter,)))
    rules = WindowRules(warmup=1, min_inferences=1, min_window_s=1.0)
    energy = EnergyRules(min_samples=_READINGS, baseline_s=max(0.5, 4 * update_s))
    edge, cloud = addresses
    with ssh_testbed(edge, cloud, manifest, rules, energy, folder) as opened:
        yield opened


@contextmanager
def _seen() -> Iterator[list[Any]]:
    """The last window's report and the edge's traces, as its energies are computed."""
    seen: list[Any] = []

    def looked_at(report: Any, edge: Any, *rest: Any) -> Any:
        seen[:] = [(report, edge)]  # a report of a busy window holds a million inferences
        return energies_of(report, edge, *rest)

    with patch.object(ssh, "energies_of", looked_at):
        yield seen
