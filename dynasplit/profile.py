"""Fits the physical model of a testbed to runs, and predicts from it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import msgspec
import numpy as np

from dynasplit.fitting.boards import fit_boards
from dynasplit.fitting.figures import Figures
from dynasplit.fitting.heads import Heads, fit_heads
from dynasplit.fitting.noise import fit_noise
from dynasplit.fitting.quality import Quality, nearest_quality
from dynasplit.fitting.rest import between, fit_link, medians
from dynasplit.measurement import Measurement
from dynasplit.space import Configuration
from dynasplit.tables import RunsTable
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import Link, Network, Noise, Profile, Split


@dataclass(frozen=True)
class Fit:
    """A profile fitted to runs.

    Attributes:
        profile: the physical model, with one network.
        network: that network's name in it.
        errors: `<figure>_medape_pct`, the median over the configurations of the absolute error
            of the prediction against the runs' median, in percent; None: not measured.
        filled: what had no runs and was taken from its neighbours.
    """

    profile: Profile
    network: str
    errors: dict[str, float | None]
    filled: tuple[str, ...]
    quality: Quality = field(repr=False, compare=False)

    def predict(self, configuration: Configuration) -> Measurement:
        """What the model says of a configuration, without noise, with the nearest quality."""
        quiet = msgspec.structs.replace(self.profile, noise=Noise())
        run = ModelledTestbed(quiet, self.network).measure(configuration)
        accuracy, fidelity = self.quality(configuration)
        return dataclasses.replace(run, accuracy=accuracy, fidelity=fidelity)


def fit_profile(runs: RunsTable, name: str | None = None) -> Fit:
    """Fit edge lines, link, cloud and power to a table of runs, robustly against outliers.

    Args:
        runs: with the parts of the latency; the energy and its parts where they were measured.
        name: the profile's; None: `fitted_<network>`.

    Raises:
        DataError: a column is missing, or a knob is one that the model does not know.
    """
    figures = Figures.of(runs)
    network = runs.model or "network"
    heads = fit_heads(figures, runs.last_split_point)
    splits, filled = _splits(figures, heads, runs.last_split_point)
    filled += tuple(f"head {mode} at split point {k}" for k, mode in heads.filled)
    edge, cloud, assumed = fit_boards(runs, figures)
    profile = Profile(
        name=name or f"fitted_{network}",
        source=f"Fitted to {len(runs)} {runs.source} runs of "
        f"{len(runs.configurations)} configurations.",
        made_up=runs.source not in ("measured", "recorded"),
        assumed=assumed,
        edge=edge,
        cloud=cloud,
        link=_link(figures),
        noise=fit_noise(runs, figures.has_energy),
        networks={network: Network(runs.last_split_point, splits)},
    )
    fit = Fit(profile, network, {}, filled, nearest_quality(runs))
    return dataclasses.replace(fit, errors=errors_of(fit, runs))


def errors_of(fit: Fit, runs: RunsTable) -> dict[str, float | None]:
    """Median absolute errors in percent of the fit's predictions, by figure (see `Fit`)."""
    predicted = [fit.predict(c) for c in runs.configurations]
    found: dict[str, float | None] = {}
    for name in _PREDICTED:
        measured = runs.quantiles(name)
        modelled = np.array([getattr(m, name) for m in predicted], dtype=np.float64)
        there = np.isfinite(measured) & (measured > 0)
        errors = np.abs(modelled[there] / measured[there] - 1)
        label = name.rpartition("_")[0] + "_medape_pct"
        found[label] = 100 * float(np.median(errors)) if there.any() else None
    return found


_PREDICTED = (
    "latency_ms",
    "energy_j",
    "edge_ms",
    "transfer_ms",
    "cloud_ms",
    "edge_energy_j",
    "cloud_energy_j",
)


def _link(figures: Figures) -> Link:
    sends = figures.sends & (figures.transfer_ms > 0)
    if not sends.any():
        return Link(0.0, 0.0)
    return Link(*fit_link(figures.tensor_kb[sends], figures.transfer_ms[sends]))


def _splits(
    figures: Figures, heads: Heads, last_split_point: int
) -> tuple[tuple[Split, ...], tuple[str, ...]]:
    every = range(last_split_point + 1)
    points = figures.split_points.tolist()
    measured_kb = medians(points, figures.tensor_kb)
    kb = between(measured_kb, every) | {last_split_point: 0.0}
    tails = {}
    filled = [f"tensor size at {k}" for k in every if k not in measured_kb]
    for gpu in (True, False):
        at = figures.sends & (figures.gpu == gpu)
        if at.any():
            known = medians(figures.split_points[at].tolist(), figures.cloud_ms[at])
            tails[gpu] = between(known, every)
            where = "GPU" if gpu else "CPU"
            filled += [f"tail on the {where} at {k}" for k in every[:-1] if k not in known]
    splits = []
    for k in every:
        edge = {mode: line for (at_k, mode), line in heads.lines.items() if at_k == k}
        gpu_ms, cpu_ms = (
            tails[gpu][k] if gpu in tails and k < last_split_point else None
            for gpu in (True, False)
        )
        splits.append(Split(k, kb[k], edge, gpu_ms, cpu_ms))
    return tuple(splits), tuple(filled)
