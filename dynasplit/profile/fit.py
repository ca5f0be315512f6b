"""Fits the physical model of a testbed to runs, and predicts from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from dynasplit.accounting import DEFAULT, build
from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import is_imagined
from dynasplit.core.space import Configuration
from dynasplit.profile.boards import fit_boards
from dynasplit.profile.heads import Heads, fit_heads
from dynasplit.profile.law import Cut, fit_law, predict_network
from dynasplit.profile.link_and_cloud import between, fit_link, medians
from dynasplit.profile.noise import fit_noise
from dynasplit.profile.quality import images_of, nearest_quality, quality_by_cell
from dynasplit.profile.run_medians import Figures
from dynasplit.tables import RunsTable
from dynasplit.tables.accounted import under
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.hardware import Link, Noise
from hosts.emulation.profile import Profile
from hosts.emulation.tails import Tails
from hosts.emulation.timings import Network, Split

# A predicted configuration is given so many runs, evenly over what the fit leaves unexplained.
_DRAWS = 9


@dataclass(frozen=True)
class Fit:
    """A profile fitted to runs.

    Attributes:
        profile: the physical model, with one network.
        network: that network's name in it.
        errors: `<figure>_medape_pct`, the median over the configurations of the absolute error
            of the prediction against the runs' median, in percent; None: not measured.
        filled: what had no runs and was taken from its neighbours.
        latency_spread: quantiles of measured to predicted latency over the configurations.
    """

    profile: Profile
    network: str
    errors: dict[str, float | None]
    filled: tuple[str, ...]
    latency_spread: tuple[float, ...] = (1.0,)

    def draws(self, configuration: Configuration) -> list[Measurement]:
        """Possible runs of a configuration: the prediction with the fit's residuals."""
        run = self.predict(configuration)
        return [
            dataclasses.replace(run, repeat=repeat, latency_ms=run.latency_ms * factor)
            for repeat, factor in enumerate(self.latency_spread)
        ]

    def predict(self, configuration: Configuration) -> Measurement:
        """The prediction for a configuration, without noise."""
        quiet = msgspec.structs.replace(self.profile, noise=Noise())
        return ModelledTestbed(quiet, self.network).measure(configuration)


def fit_profile(runs: RunsTable, network: str | None = None) -> Fit:
    """Fit edge lines, link, cloud and power to a table of runs, robustly against outliers.

    Args:
        runs: with the parts of the latency; the energy and its parts where they were measured.
        network: its name; None: as the runs say, else "network".

    Raises:
        DataError: a column is missing, or a knob is one that the model does not know.
    """
    runs = under(runs, build(DEFAULT))
    figures = Figures.of(runs)
    network = network or runs.model or "network"
    heads = fit_heads(figures, runs.last_split_point)
    splits, filled = _splits(runs, figures, heads, runs.last_split_point)
    filled += tuple(f"head {mode} at split point {k}" for k, mode in heads.filled)
    edge, cloud, assumed = fit_boards(runs, figures)
    profile = Profile(
        name=f"fitted_{network}",
        source=f"Fitted to {len(runs)} {runs.source} runs of "
        f"{len(runs.configurations)} configurations."
        + "".join(f" With the fault {fault}." for fault in runs.faults),
        made_up=is_imagined(runs.source),
        assumed=assumed,
        edge=edge,
        cloud=cloud,
        link=_link(figures),
        noise=fit_noise(runs, figures.has_energy),
        networks={network: Network(runs.last_split_point, splits, images_of(runs))},
    )
    fit = Fit(profile, network, {}, filled)
    ratios = _ratios(fit, runs)
    spread = np.quantile(ratios["latency_ms"], (np.arange(_DRAWS) + 0.5) / _DRAWS)
    return dataclasses.replace(
        fit, errors=_errors(ratios), latency_spread=tuple(float(factor) for factor in spread)
    )


def fit_profile_with_law(runs: RunsTable, cuts: Sequence[Cut], network: str | None = None) -> Fit:
    """As `fit_profile`, with the law that predicts networks from their multiply-accumulates.

    Args:
        runs: of the network.
        cuts: every split point of it, in order.
        network: its name.

    Raises:
        DataError: as there; or the cuts are of another network.
    """
    fit = fit_profile(runs, network)
    _check_cuts(runs, cuts)
    law = fit_law(fit.profile.networks[fit.network], cuts)
    return dataclasses.replace(fit, profile=msgspec.structs.replace(fit.profile, law=law))


def predict_profile(
    profile: Profile, network: str, cuts: Sequence[Cut], runs: RunsTable | None = None
) -> Fit:
    """A profile with a network whose own runs are missing, or too few to be fitted.

    Args:
        profile: of the testbed; its law predicts.
        network: the predicted one's name.
        cuts: every split point of it, in order.
        runs: a handful of its runs, which correct the law; None: there are none.

    Raises:
        DataError: the profile has no law, or the cuts are of another network than the runs.
    """
    if profile.law is None:
        raise DataError(
            f"profile {profile.name} has no law that predicts networks; fit one with runs= and "
            "fit.macs= of a network that has both"
        )
    tails = profile.tails.get(network)
    if tails is None and profile.law.cloud_gpu_base_ms is None:
        raise DataError(
            f"profile {profile.name} has no tails of {network}: they were measured of "
            f"{', '.join(profile.tails)}, and follow no law"
        )
    if runs is not None:
        _check_cuts(runs, cuts)
    corrected = ", corrected by published figures" if network in profile.law.corrections else ""
    more = f", {len(runs)} runs" if runs else corrected
    told = f"predicted from multiply-accumulates{more}{_measured_words(tails)}"
    predicted = msgspec.structs.replace(
        profile,
        name=f"{profile.name}_{network}",
        assumed=(*profile.assumed, f"{network}: {told}."),
        networks={
            **profile.networks,
            network: predict_network(profile.law, cuts, runs, network, tails),
        },
    )
    fit = Fit(predicted, network, {}, ())
    return fit if runs is None else dataclasses.replace(fit, errors=_errors(_ratios(fit, runs)))


def _measured_words(tails: Tails | None) -> str:
    """Which of a predicted network's tails were measured all the same."""
    if tails is None:
        return ""
    between = f", and interpolated at {', '.join(map(str, tails.interpolated))}"
    return f"; its tails measured{between if tails.interpolated else ''}"


def _check_cuts(runs: RunsTable, cuts: Sequence[Cut]) -> None:
    last = cuts[-1].split_point
    if runs.last_split_point > last:
        raise DataError(
            f"the multiply-accumulates are of split points 0..{last}; the runs have "
            f"0..{runs.last_split_point}"
        )


def _ratios(fit: Fit, runs: RunsTable) -> dict[str, npt.NDArray[np.float64]]:
    """Measured to predicted figures of the configurations that have them, by figure."""
    rows = fit.profile.networks[fit.network].splits
    known = [i for i, c in enumerate(runs.configurations) if _has(rows[c.split_point], c)]
    predicted = [fit.predict(runs.configurations[i]) for i in known]
    found = {}
    for name in _PREDICTED:
        measured = runs.quantiles(name)[known]
        modelled = np.array([getattr(m, name) for m in predicted], dtype=np.float64)
        there = np.isfinite(measured) & (measured > 0)
        found[name] = measured[there] / modelled[there]
    return found


def _has(row: Split, configuration: Configuration) -> bool:
    return configuration.edge_accelerator in row.edge


def _errors(ratios: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, float | None]:
    """Median absolute errors in percent of the fit's predictions, by figure (see `Fit`)."""
    return {
        f"{name.rpartition('_')[0]}_medape_pct": 100 * float(np.median(np.abs(1 / ratio - 1)))
        if len(ratio)
        else None
        for name, ratio in ratios.items()
    }


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
    runs: RunsTable, figures: Figures, heads: Heads, last_split_point: int
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
    quality = {name: quality_by_cell(runs, name) for name in ("accuracy", "fidelity")}
    for k in every:
        edge = {mode: line for (at_k, mode), line in heads.lines.items() if at_k == k}
        gpu_ms, cpu_ms = (
            tails[gpu][k] if gpu in tails and k < last_split_point else None
            for gpu in (True, False)
        )
        shares = {n: nearest_quality(cells, k, edge) or None for n, cells in quality.items()}
        splits.append(Split(k, kb[k], edge, gpu_ms, cpu_ms, shares["accuracy"], shares["fidelity"]))
    return tuple(splits), tuple(filled)
