"""Energy by stage and by meter channel: along the split points, and by policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.figures import style
from dynasplit.figures.series import Origin

Parts = Mapping[str, float]
COMPUTING, WAITING = "edge, computing", "edge, waiting (idle power)"
EDGE, CLOUD = "edge", "cloud"
_STAGES: Mapping[str, tuple[str, str]] = {
    COMPUTING: ("#009E73", ""),
    WAITING: ("#A8DCCB", "////"),
    EDGE: ("#009E73", ""),
    CLOUD: ("#0072B2", "...."),
}
_CHANNELS = (
    ("#009E73", ""),
    ("#0072B2", "...."),
    ("#E69F00", "////"),
    ("#CC79A7", "xxxx"),
    ("#56B4E9", "----"),
    ("#B8BEC4", "oo"),
)
_WAITS = "occupied"
"""The accounting by which the edge counts all that it draws while it waits."""


def stages_of(run: Measurement) -> Parts:
    """A run's energy by stage, in J an inference; empty: it is not known by host.

    What the edge draws while it waits is its idle power, where that of its state is known.
    """
    if run.edge_energy_j is None or run.cloud_energy_j is None:
        return {}
    cloud = {CLOUD: run.cloud_energy_j}
    idle_w, busy_ms = run.edge_idle_w, run.edge_busy_ms
    if idle_w is None or busy_ms is None or run.mode != "latency" or run.accounting != _WAITS:
        return {EDGE: run.edge_energy_j} | cloud
    waited_ms = max(0.0, run.latency_ms / run.configuration.batch_size - busy_ms)
    waiting_j = min(idle_w * waited_ms / 1000, run.edge_energy_j)
    return {COMPUTING: run.edge_energy_j - waiting_j, WAITING: waiting_j} | cloud


def _by_host(parts: Parts) -> Parts:
    """Stages without the edge's waiting, which is not known everywhere."""
    return {EDGE: sum(j for name, j in parts.items() if name != CLOUD), CLOUD: parts[CLOUD]}


def channels_of(run: Measurement) -> Parts:
    """A run's energy by meter channel, in J an inference, idle power included."""
    return {
        name.removesuffix("_j").replace("_", " "): joules
        for name, joules in sorted(run.channels.items(), reverse=True)
        if name.endswith("_j")
    }


def draw_stages(
    path: Path, runs: Sequence[Measurement], served: Sequence[ServedRequest], origin: Origin
) -> Path | None:
    """Energy by stage; None: hosts are not told apart.

    Policies' energies are divided as the runs of the configurations that they chose are.
    """
    by_run = {run.configuration: parts for run in runs if (parts := stages_of(run))}
    if not all(WAITING in parts for parts in by_run.values()):
        by_run = {one: _by_host(parts) for one, parts in by_run.items()}
    by_policy = _policies(served, by_run)
    title = f"{origin.network}: energy by stage"
    return _draw(path, _along(runs, by_run), by_policy, (title, "energy (J)"), origin, _STAGES)


def draw_channels(
    path: Path, runs: Sequence[Measurement], served: Sequence[ServedRequest], origin: Origin
) -> Path | None:
    """Energy by meter channel; None: no channel's is known."""
    by_run = {run.configuration: parts for run in runs if (parts := channels_of(run))}
    rows: dict[str, list[Parts]] = {}
    for one in served:
        rows.setdefault(one.policy, []).append(channels_of(one.measurement))
    by_policy = {name: _mean(parts) for name, parts in rows.items() if any(parts)}
    names = dict.fromkeys(n for parts in (*by_run.values(), *by_policy.values()) for n in parts)
    looks = dict(zip(names, _CHANNELS * len(names), strict=False))
    title = f"{origin.network}: energy by meter channel"
    words = (title, "energy, idle power included (J)")
    return _draw(path, _along(runs, by_run), by_policy, words, origin, looks)


def _along(
    runs: Sequence[Measurement], parts: Mapping[Configuration, Parts]
) -> dict[int, tuple[Configuration, Parts]]:
    """At each split point the configuration that took the least energy."""
    best: dict[int, tuple[float, Configuration]] = {}
    for run in runs:
        if run.energy_j is None or run.configuration not in parts:
            continue
        point, found = run.configuration.split_point, (run.energy_j, run.configuration)
        if point not in best or found[0] < best[point][0]:
            best[point] = found
    return {point: (best[point][1], parts[best[point][1]]) for point in sorted(best)}


def _policies(
    served: Sequence[ServedRequest], known: Mapping[Configuration, Parts]
) -> dict[str, Parts]:
    """Each policy's mean energy by stage; nothing of one that chose what has no stages."""
    rows: dict[str, list[Parts]] = {}
    for one in served:
        parts, energy_j = known.get(one.measurement.configuration, {}), one.measurement.energy_j
        whole_j = sum(parts.values())
        scaled = {n: j * energy_j / whole_j for n, j in parts.items()} if energy_j and parts else {}
        rows.setdefault(one.policy, []).append(scaled)
    return {name: _mean(parts) for name, parts in rows.items() if all(parts)}


def _mean(rows: Sequence[Parts]) -> Parts:
    """Means over all rows; a part that a row does not have adds nothing to it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names}


def _draw(
    path: Path,
    along: Mapping[int, tuple[Configuration, Parts]],
    by_policy: Mapping[str, Parts],
    words: tuple[str, str],
    origin: Origin,
    looks: Mapping[str, tuple[str, str]],
) -> Path | None:
    """A row for each host, which has a scale of its own; split points left, policies right."""
    panels = [one for one in (along, by_policy) if one]
    every = [*(parts for _, parts in along.values()), *by_policy.values()]
    named = [n for n in looks if any(n in parts for parts in every)]
    hosts = [[n for n in named if n.startswith(role)] for role in (CLOUD, EDGE)]
    rows = [names for names in hosts if names]
    if not panels or not rows:
        return None
    title, label = words
    with style.figure(path, style.PAGE_IN, 1.2 + 1.35 * len(rows)) as figure:
        widths = [3 if one is along else 1.35 for one in panels]
        grid = figure.subplots(
            len(rows), len(panels), sharex="col", sharey="row", width_ratios=widths, squeeze=False
        )
        for line, names in zip(grid, rows, strict=True):
            for axes, one in zip(line, panels, strict=True):
                mine = (
                    [parts for _, parts in along.values()] if one is along else by_policy.values()
                )
                places = list(along) if one is along else range(len(by_policy))
                _bars(axes, places, list(mine), {name: looks[name] for name in names})
        _name(grid[-1], along, by_policy)
        figure.supylabel(label, fontsize=9)
        handles = [
            Patch(facecolor=looks[n][0], hatch=looks[n][1], edgecolor="white") for n in named
        ]
        figure.legend(handles, named, loc="outside lower center", ncols=len(named), fontsize=8)
        style.head(figure, title, origin.source, origin.remarks)
    return path


def _name(
    line: Sequence[Axes], along: Mapping[int, object], by_policy: Mapping[str, Parts]
) -> None:
    """What stands below the lowest row."""
    if along:
        line[0].xaxis.set_major_locator(MaxNLocator(12, integer=True))
        line[0].set_xlabel("split point, at its configuration of least energy", fontsize=8)
    if by_policy:
        names = list(by_policy)
        line[-1].set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)
        line[-1].set_xlabel("mean of a policy's requests", fontsize=8)


def _bars(
    axes: Axes,
    places: Sequence[int],
    rows: Sequence[Parts],
    looks: Mapping[str, tuple[str, str]],
) -> None:
    """Stacked bars."""
    bottom = np.zeros(len(rows))
    for name, (colour, hatch) in looks.items():
        heights = np.array([row.get(name, 0.0) for row in rows])
        shown: dict[str, Any] = {
            "color": colour,
            "hatch": hatch,
            "edgecolor": "white",
            "linewidth": 0.0,
        }
        axes.bar(list(places), heights, 0.72, bottom, **shown)
        bottom += heights
    axes.grid(visible=False, axis="x")
