"""Compares search algorithms over seeds: on a table of runs, or on made-up testbeds."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dynasplit.app.cli.benchmark_table import benchmark_table
from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.report.made_up_results import write_made_up
from dynasplit.app.report.outputs import write_json
from dynasplit.app.setup.plan_record import recorded
from dynasplit.app.setup.resolve import budget_of, record_inputs
from dynasplit.app.setup.runs_plans import check_runs, results_folder
from dynasplit.app.setup.search_space import space_of_runs
from dynasplit.app.setup.table_testbed import TableTestbed
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError
from dynasplit.core.provenance import as_recorded
from dynasplit.core.space import Configuration
from dynasplit.figures import draw_benchmark_figure
from dynasplit.front.dominance import HypervolumeScale, objectives
from dynasplit.made_up.searches import Found, Task, all_searched
from dynasplit.offline import search
from dynasplit.offline.study import OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.tables.accounted import under

Floats = npt.NDArray[np.float64]


def check(config: Config) -> None:
    """Refuse a table that cannot be read, and made-up testbeds that cannot be drawn."""
    if config.benchmark.testbeds:
        _check_made_up(config)
        return
    check_runs(config.name, config.runs)


def run(config: Config) -> None:
    """Search with every algorithm and seed; write `benchmark.json` and a figure.

    Raises:
        DynaSplitError: the table cannot be used, or results cannot be written.
    """
    if config.benchmark.testbeds:
        _run_made_up(config)
        return
    asked = config.energy
    runs = under(check_runs(config.name, config.runs), asked.rule, asked.stated_idle_w)
    space = space_of_runs(runs, dataclasses.asdict(config.space), config.model.split_points)
    testbed = TableTestbed.of(runs, space, fill=config.benchmark.fill == "profile")
    limit = budget_of(config).limit(testbed.space)
    record = record_inputs(config)
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, runs.source) as recorder,
    ):
        told = {}
        for name in config.benchmark.algorithms:
            told[name] = _block(list(_searches(name, config, testbed, limit, terminal)))
        found = {
            "runs": str(config.runs),
            "space_size": len(testbed.space),
            "filled": testbed.filled,
            "seeds": config.benchmark.seeds,
            "algorithms": told,
        }
        write_json(folder.path / "benchmark.json", found)
        for name, block in told.items():
            recorder.curve(f"{name}.hypervolume", block["hypervolume_median"])
            recorder.curve(f"{name}.hypervolume.low", block["hypervolume_q25"])
            recorder.curve(f"{name}.hypervolume.high", block["hypervolume_q75"])
        recorder.describe(
            f"Hypervolume of searches of {limit} configurations, median of "
            f"{config.benchmark.seeds} seeds.\n\n![benchmark](benchmark.png)"
        )
        source, told_of = as_recorded(runs.source), "\n".join(runs.told)
        draw_benchmark_figure(folder.path / "benchmark.png", told, source, testbed.filled, told_of)
        terminal.say(f"Results: {folder.path}")


def _searches(
    name: str, config: Config, testbed: TableTestbed, limit: int, terminal: Terminal
) -> Iterator[tuple[Floats, Floats]]:
    """For each seed: hypervolume (limit,) and testbed time in s (limit,) after each evaluation."""
    scale = testbed.scale()
    with terminal.during(f"{name}: {config.benchmark.seeds} searches of {limit}"):
        for seed in range(config.benchmark.seeds):
            budget = dataclasses.replace(budget_of(config), configurations=limit)
            found = search_front(
                testbed.space,
                search.build(name, **_options(name, config)),
                testbed,
                Journal(None),
                OfflineSettings(budget=budget, seed=seed, front_repeats=0),
            )
            yield _course(found.searched, testbed, scale, limit)


def _options(name: str, config: Config) -> dict[str, Any]:
    return dict(config.search.options) if name == config.search.algorithm else {}


def _course(
    found: Sequence[Configuration], testbed: TableTestbed, scale: HypervolumeScale, limit: int
) -> tuple[Floats, Floats]:
    """After each evaluation; a search that stopped before keeps its front to the end."""
    known = [testbed.known[c] for c in found]
    points = objectives(known)
    volumes = [scale.share(points[:n]) for n in range(1, len(points) + 1)]
    spent_s = np.cumsum([m.testbed_time_s or np.nan for m in known])
    after = (0, limit - len(known))
    return np.pad(volumes, after, mode="edge"), np.pad(spent_s, after, mode="edge")


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


def _check_made_up(config: Config) -> None:
    asked = config.benchmark
    if config.runs is not None:
        raise ConfigurationError(
            f"runs={config.runs} and benchmark.testbeds={asked.testbeds}; allowed: one of them"
        )
    if asked.largest < 2 * asked.smallest:
        raise ConfigurationError(
            f"benchmark.smallest={asked.smallest} and benchmark.largest={asked.largest}; allowed: "
            "a largest space of at least twice the smallest one"
        )


def _run_made_up(config: Config) -> None:
    asked, record = config.benchmark, record_inputs(config)
    names = ("testbeds", "draw", "seeds", "measurements", "smallest", "largest")
    with (
        Terminal() as terminal,
        results_folder(record) as folder,
        recorded(record, folder, terminal, "modelled") as recorder,
    ):
        found = _all_made_up(config, terminal)
        told = {name: getattr(asked, name) for name in names}
        results = write_made_up(folder.path, found, asked.algorithms, told)
        blocks = {name: block["all"] for name, block in results.algorithms.items()}
        recorder.summary({**blocks, **results.pairs})
        recorder.describe(
            f"{', '.join(asked.algorithms)} on {asked.testbeds} made-up testbeds, {asked.seeds} "
            "seeds each.\n\n![benchmark](benchmark.png)"
        )
        terminal.console.print(benchmark_table(*results))
        terminal.say(f"Results: {folder.path}")


def _all_made_up(config: Config, terminal: Terminal) -> list[Found]:
    asked, step, found = config.benchmark, "Searching made-up testbeds", list[Found]()
    sizes, families = (asked.smallest, asked.largest), tuple(asked.families or ())
    tasks = [
        Task(n, asked.draw, families, sizes, name, _options(name, config), seed, asked.measurements)
        for n in range(asked.testbeds)
        for name in asked.algorithms
        for seed in range(asked.seeds)
    ]
    terminal.step(step, len(tasks))
    for one in all_searched(tasks, min(asked.workers or os.cpu_count() or 1, len(tasks))):
        found.append(one)
        words = f"{one.family}, {one.size} configurations: {one.task.algorithm}"
        terminal.advance(step, len(found), len(tasks), words)
    terminal.end(step)
    return found
