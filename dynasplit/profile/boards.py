"""Fits the power of both boards; values that runs lack come from a packaged profile."""

from __future__ import annotations

import msgspec
import numpy as np

from dynasplit.profile.powers import Line, Spent, fit_all_powers, fit_edge_powers
from dynasplit.profile.run_medians import NOMINAL_MHZ, Figures
from dynasplit.tables import RunsTable
from hosts.emulation.hardware import CloudBoard, EdgeBoard, Start
from hosts.emulation.profile import load_profile

TEMPLATE = "pi4_coral_v100"


def fit_boards(runs: RunsTable, figures: Figures) -> tuple[EdgeBoard, CloudBoard, tuple[str, ...]]:
    """The boards, and what of them had to be assumed."""
    template = load_profile(TEMPLATE)
    assumed = [f"Meters, governors, reconfiguration times: those of {TEMPLATE}."]
    modes = tuple(dict.fromkeys(["off", *figures.modes]))
    active, waiting, gpu_w, cpu_w = _powers(figures, template.edge, template.cloud, assumed)
    off = next(iter(active))
    mhz = tuple(sorted({round(f * 1000) for f in figures.ghz.tolist()}))
    if runs.space.knob("cpu_mhz") is None:
        assumed.append(f"The edge's frequency is not set; it is called {NOMINAL_MHZ} MHz.")
    edge = msgspec.structs.replace(
        template.edge,
        name="fitted edge",
        cpu_mhz=mhz,
        start=Start(template.edge.start.governor, mhz[0]),
        accelerator_modes=modes,
        active_w={mode: active.get(mode, active[off]) for mode in modes},
        waiting_w={mode: waiting.get(mode, waiting[off]) for mode in modes},
    )
    cloud = msgspec.structs.replace(
        template.cloud,
        name="fitted cloud",
        gpu=bool(figures.gpu.any()),
        idle_w=_idle(runs, min(gpu_w, cpu_w), template.cloud, assumed),
        tail_gpu_w=gpu_w,
        tail_cpu_w=cpu_w,
    )
    return edge, cloud, tuple(assumed)


def _powers(
    figures: Figures, edge: EdgeBoard, cloud: CloudBoard, assumed: list[str]
) -> tuple[dict[str, Line], dict[str, Line], float, float]:
    if not figures.has_energy:
        assumed.append(f"Energy was not measured; all power is that of {TEMPLATE}.")
        return edge.active_w, edge.waiting_w, cloud.power_w(True, True), cloud.power_w(True, False)
    if not figures.has_energy_parts:
        spent = _spent(figures, figures.energy_j)
        active, waiting, watts = fit_all_powers(spent, _tails(figures))
        found = dict(zip((True, False), watts, strict=True))
    else:
        active, waiting = fit_edge_powers(_spent(figures, figures.edge_energy_j))
        found = {gpu: _tail_power(figures, gpu) for gpu in (True, False)}
    measured = {gpu: w for gpu, w in found.items() if _has_tail(figures, gpu) and w > 0}
    for gpu, label in ((True, "GPU"), (False, "CPU")):
        packaged = cloud.power_w(True, gpu)
        if gpu not in measured:
            found[gpu] = measured.get(not gpu, packaged)
            assumed.append(f"No tail on the cloud's {label} was measured; its power is assumed.")
    return active, waiting, found[True], found[False]


def _spent(figures: Figures, energy_j: np.ndarray) -> dict[str, Spent]:
    waiting_ms = figures.transfer_ms + figures.cloud_ms
    return {
        mode: Spent(figures.ghz[at], figures.edge_ms[at], waiting_ms[at], energy_j[at])
        for mode in dict.fromkeys(figures.modes)
        for at in [figures.of_mode(mode)]
    }


def _tails(figures: Figures) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        mode: (
            np.where(figures.gpu, figures.cloud_ms, 0.0)[at],
            np.where(figures.gpu, 0.0, figures.cloud_ms)[at],
        )
        for mode in dict.fromkeys(figures.modes)
        for at in [figures.of_mode(mode)]
    }


def _has_tail(figures: Figures, gpu: bool) -> bool:
    return bool((figures.sends & (figures.gpu == gpu) & (figures.cloud_ms > 0)).any())


def _tail_power(figures: Figures, gpu: bool) -> float:
    at = figures.sends & (figures.gpu == gpu) & (figures.cloud_ms > 0)
    if not at.any():
        return 0.0
    return 1000 * float(np.median(figures.cloud_energy_j[at] / figures.cloud_ms[at]))


def _idle(runs: RunsTable, tail_w: float, template: CloudBoard, assumed: list[str]) -> float:
    if "cloud_idle_w" in runs.columns:
        return float(np.nanmedian(runs.columns["cloud_idle_w"]))
    assumed.append("cloud.idle_w was not measured; it keeps the packaged ratio to a tail's power.")
    return tail_w * template.idle_w / template.tail_gpu_w
