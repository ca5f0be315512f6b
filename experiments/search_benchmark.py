"""Compares search algorithms on a table of runs, over seeds: hypervolume against their cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit import search
from dynasplit.config import Config
from dynasplit.errors import ConfigurationError
from dynasplit.figures import draw_benchmark_figure
from dynasplit.front import ParetoFront
from dynasplit.journal import Journal
from dynasplit.measurement import Measurement
from dynasplit.profile import fit_profile
from dynasplit.space import Configuration, SearchSpace
from dynasplit.study import explore
from dynasplit.tables import RunsTable
from experiments.analysis import check_runs, results_folder
from experiments.outputs import write_json
from experiments.phases import budget_of
from experiments.spaces import space_of_runs
from experiments.terminal import Terminal
from hosts.emulation.profile import Profile

Floats = npt.NDArray[np.float64]
FILLS = ("profile", "none")


def check(config: Config) -> None:
    """Refuse an unknown algorithm, and a table that cannot be read."""
    asked = config.benchmark
    for name in asked.algorithms:
        search.build(name)
    if asked.fill not in FILLS:
        raise ConfigurationError(f"benchmark.fill={asked.fill}; allowed: {', '.join(FILLS)}")
    if asked.seeds < 1:
        raise ConfigurationError(f"benchmark.seeds={asked.seeds}; allowed: 1 or more")
    check_runs(config)


def run(config: Config) -> None:
    """Search with every algorithm and seed; write `benchmark.json` and a figure.

    Raises:
        DynaSplitError: the table cannot be used, or results cannot be written.
    """
    runs = check_runs(config)
    answers = Answers.of(config, runs)
    limit = budget_of(config).limit(answers.space)
    with Terminal() as terminal, results_folder(config) as folder:
        told = {}
        for name in config.benchmark.algorithms:
            told[name] = _block(list(_searches(name, config, answers, limit, terminal)))
        found = {
            "runs": str(config.runs),
            "space_size": len(answers.space),
            "filled": answers.filled,
            "seeds": config.benchmark.seeds,
            "algorithms": told,
        }
        write_json(folder.path / "benchmark.json", found)
        draw_benchmark_figure(folder.path / "benchmark.png", told, runs.source)
        terminal.say(f"Results: {folder.path}")


@dataclass
class Answers:
    """A testbed that gives each configuration's known figures, the same ones every time.

    Attributes:
        space: the configurations that it knows.
        reference: the front of all of them.
        filled: how many were filled from the fitted profile.
    """

    space: SearchSpace
    known: Mapping[Configuration, Measurement]
    reference: ParetoFront
    filled: int

    @classmethod
    def of(cls, config: Config, runs: RunsTable) -> Answers:
        """The table's medians; what the grid has beyond it is filled, or left out."""
        known = {s.configuration: _as_measurement(s) for s in runs.summaries()}
        recorded = len(known)
        space = space_of_runs(runs, config.space, config.model.split_points)
        if config.benchmark.fill == "profile":
            fit = fit_profile(runs)
            space = SearchSpace.build(space.split_points, space.last_split_point, space.knobs)
            known |= {c: fit.predict(c) for c in space.configurations if c not in known}
            known = {c: _with_cost(m, fit.profile, fit.network) for c, m in known.items()}
        known = {c: known[c] for c in space.configurations}
        reference = ParetoFront.build(
            known.values(),
            model=runs.model,
            last_split_point=runs.last_split_point,
            source=runs.source,
        )
        return cls(space, known, reference, len(known) - recorded)

    def measure(
        self,
        configuration: Configuration,
        *,
        repeat: int = 0,
        request: int | None = None,
        stream: str = "",
    ) -> Measurement:
        """The figures of a configuration."""
        return dataclasses.replace(self.known[configuration], repeat=repeat)


def _as_measurement(summary: Any) -> Measurement:
    return Measurement(
        configuration=summary.configuration,
        source="recorded",
        latency_ms=summary.latency_ms,
        energy_j=summary.energy_j,
        accuracy=summary.accuracy,
        fidelity=summary.fidelity,
    )


def _with_cost(measurement: Measurement, profile: Profile, network: str) -> Measurement:
    """With what a window of 10 inferences and 20 meter samples costs on the fitted testbed."""
    from dynasplit.testbed.modelled import ModelledTestbed

    modelled = ModelledTestbed(profile, network).measure(measurement.configuration)
    parts = {
        name: getattr(measurement, name) or getattr(modelled, name)
        for name in ("edge_ms", "transfer_ms", "cloud_ms", "tensor_kb", "testbed_time_s")
    }
    return dataclasses.replace(measurement, **parts)


def _searches(
    name: str, config: Config, answers: Answers, limit: int, terminal: Terminal
) -> Iterator[tuple[Floats, Floats]]:
    """For each seed: hypervolume (limit,) and testbed time in s (limit,) after each evaluation."""
    with terminal.during(f"{name}: {config.benchmark.seeds} searches of {limit}"):
        for seed in range(config.benchmark.seeds):
            explored = explore(
                answers.space,
                search.build(name, **_options(name, config)),
                answers,
                Journal(None),
                budget=dataclasses.replace(budget_of(config), configurations=limit),
                seed=seed,
                front_repeats=0,
            )
            yield _course([answers.known[c] for c in explored.searched], answers, limit)


def _options(name: str, config: Config) -> dict[str, Any]:
    return dict(config.search.options) if name == config.search.algorithm else {}


def _course(found: Sequence[Measurement], answers: Answers, limit: int) -> tuple[Floats, Floats]:
    volumes = np.full(limit, np.nan)
    for n in range(1, limit + 1):
        if n > len(found):
            volumes[n - 1] = volumes[n - 2]  # it stopped before: its front stays
            continue
        front = ParetoFront.build(
            found[:n],
            model=answers.reference.model,
            last_split_point=answers.reference.last_split_point,
            source=answers.reference.source,
        )
        volumes[n - 1] = front.hypervolume(answers.reference)
    spent_s = np.cumsum([m.testbed_time_s or np.nan for m in found])
    return volumes, np.pad(spent_s, (0, limit - len(spent_s)), mode="edge")


def _block(searches: Sequence[tuple[Floats, Floats]]) -> dict[str, list[Any]]:
    volumes = np.array([volume for volume, _ in searches])
    spent_s = np.median(np.array([spent for _, spent in searches]), axis=0)
    q25, median, q75 = np.quantile(volumes, [0.25, 0.5, 0.75], axis=0)
    return {
        "evaluations": list(range(1, volumes.shape[1] + 1)),
        "hypervolume_median": median.tolist(),
        "hypervolume_q25": q25.tolist(),
        "hypervolume_q75": q75.tolist(),
        "hypervolume_min": volumes.min(axis=0).tolist(),
        "testbed_time_s_median": [None if np.isnan(s) else float(s) for s in spent_s],
    }
