"""Writes a run's result files: summary, front, tables, figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from dynasplit.app.report.doubtful import doubtful_block
from dynasplit.app.report.quality import quality_block
from dynasplit.app.setup.phases import RunResult
from dynasplit.app.setup.run_inputs import RunInputs, TestbedInputs, with_faults
from dynasplit.core.errors import ResultsError
from dynasplit.core.given_up import GivenUp
from dynasplit.core.measurement import Summary
from dynasplit.core.provenance import Source, is_imagined, least_real, mixed_words, told_of
from dynasplit.core.space import Configuration
from dynasplit.figures import draw_accountings_figure, draw_offline, draw_online
from dynasplit.figures.series import Origin
from dynasplit.front.dominance import HypervolumeScale, non_dominated, objectives
from dynasplit.front.known_to import with_intervals
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.study import OfflineResult
from dynasplit.online.attribution_block import attribution_block
from dynasplit.online.headlines import headlines, name_of
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.run.run_record import FRONT, REQUESTS, RUNS, SUMMARY
from dynasplit.tables import write_requests, write_runs


def summary_of(inputs: RunInputs, result: RunResult) -> dict[str, Any]:
    """The content of summary.json; unknown values are None."""
    testbed, offline = inputs.testbed, result.offline
    source = source_in(testbed, result)
    divided = attribution_block(result.online.served, testbed.energy.accounting.label)
    return {
        "experiment": inputs.record.experiment,
        "model": testbed.network,
        "hosts": inputs.hosts.name,
        "emulated": is_imagined(source),
        **source_block(source, told_in(testbed, result)),
        "mode": testbed.mode,
        "predicted": testbed.is_predicted,
        **({"faults": list(testbed.faults)} if testbed.faults else {}),
        "seed": inputs.seed,
        "search": _search_block(testbed, result),
        **(
            doubtful_block([m.flags for m in offline.measurements], offline.unconfirmed)
            if offline
            else doubtful_block([row.measurement.flags for row in result.online.served])
        ),
        "given_up": _events(offline.given_up if offline else ()),
        "recovered": _events(offline.recovered if offline else ()),
        **quality_block(
            result.front,
            inputs.online.policies.get("dynasplit", {}),
            testbed.manifest.weights if testbed.manifest else None,
        ),
        "workload": dict(result.online.workload),
        "policies": summarise_requests(result.online.served),
        "accounting": testbed.energy.accounting.label,
        "by_accounting": headlines(
            result.online.served, testbed.energy.accounting, testbed.energy.stated_idle_w
        ),
        **({"attribution": divided} if divided else {}),
    }


def _events(every: Iterable[GivenUp]) -> list[dict[str, str]]:
    """What failed, where, and why."""
    return [
        {"phase": g.phase, "configuration": g.configuration.words(), "reason": g.reason}
        for g in every
    ]


def source_in(testbed: TestbedInputs, result: RunResult) -> Source:
    """The least real source of what served requests: of the runs in a table, their own."""
    if testbed.runs is not None:
        return testbed.runs.source
    return least_real({row.measurement.source for row in result.online.served} or {"measured"})


def told_in(testbed: TestbedInputs, result: RunResult) -> tuple[str, ...]:
    """What is to be said of a run's figures, a line each."""
    beside = mixed_words({result.front.source, source_in(testbed, result)})
    own = told_of([row.measurement.flags for row in result.online.served])
    return tuple(dict.fromkeys((*testbed.told, *own, *filter(None, [beside]))))


def source_block(source: Source, told: Sequence[str]) -> dict[str, Any]:
    """The part of a summary that says what its figures are; empty where nothing is to be said."""
    plain = [words for words in told if not words.startswith("with the fault ")]  # has its own key
    return {
        **({"estimated": True} if source == "estimated" else {}),
        **({"told": plain} if plain else {}),
    }


def write_offline_outputs(
    folder: Path, inputs: RunInputs, offline: OfflineResult | None, front: ParetoFront
) -> list[Path]:
    """Write front, runs and, if asked for, their figures; returns which files.

    Raises:
        ResultsError: the folder cannot be written.
    """
    written, testbed = [folder / FRONT], inputs.testbed
    if offline is not None:
        front = with_intervals(front, offline.measurements)
    front.save(written[0])
    if offline is not None:
        written.append(folder / RUNS)
        write_runs(
            written[-1],
            offline.measurements,
            model=testbed.network,
            last_split_point=testbed.space.last_split_point,
        )
    if not inputs.draws_figures:
        return written
    candidates = offline.candidates if offline else ()
    return written + draw_offline(folder, candidates, front, _remarks(testbed, front))


def write_online_outputs(
    folder: Path, summary: Mapping[str, Any], inputs: RunInputs, result: RunResult
) -> list[Path]:
    """Write requests, the run's summary and, if asked for, their figures; returns which files.

    Raises:
        ResultsError: the folder cannot be written.
    """
    requests, told, testbed = folder / REQUESTS, folder / SUMMARY, inputs.testbed
    offline, served = result.offline, result.online.served
    last = testbed.space.last_split_point
    write_requests(requests, served, model=testbed.network, last_split_point=last)
    write_json(told, summary)
    if not inputs.draws_figures:
        return [requests, told]
    every = [*(offline.measurements if offline else ()), *(row.measurement for row in served)]
    drawn = draw_online(folder, result.front, served, _remarks(testbed, result.front), every)
    origin = Origin(result.front.model, result.front.source, _remarks(testbed, result.front))
    own = name_of(testbed.energy.accounting)
    by = draw_accountings_figure(folder / "accountings.png", summary["by_accounting"], own, origin)
    return [requests, told, *drawn, *([by] if by else [])]


def _remarks(testbed: TestbedInputs, front: ParetoFront) -> str:
    """What figures say of their numbers, and of a given front's where those are of other hosts."""
    own = {words.split()[0] for words in testbed.faults}
    own |= set(testbed.runs.faults if testbed.runs else ())
    given = [
        *with_faults(name for name in front.faults if name not in own),
        *(words for words in front.told if words not in testbed.told),
    ]
    return "\n".join(filter(None, (testbed.remarks, *(f"the front: {f}" for f in given))))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that is complete or not there.

    Raises:
        ResultsError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        draft.replace(path)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error}") from error


def _search_block(testbed: TestbedInputs, result: RunResult) -> dict[str, Any]:
    offline = result.offline
    return {
        "algorithm": offline.algorithm if offline else None,
        "space_size": len(testbed.space),
        "configurations_measured": offline.configurations_measured if offline else 0,
        "front_size": len(result.front.summaries),
        "front_runs_least": min((s.repeats for s in result.front.summaries), default=None),
        "hypervolume": hypervolume(result.front, testbed.grid()),
        "testbed_time_s": offline.testbed_time_s if offline else 0.0,
    }


def hypervolume(front: ParetoFront, grid: Mapping[Configuration, Summary] | None) -> float | None:
    """The share of the exhaustive grid's hypervolume that a front's configurations reach.

    Both are valued by the grid's own figures, as the benchmark of searches does: what a front's
    members were measured to be is noisy, and by those figures a share could exceed 1.

    Args:
        front: what was found.
        grid: each configuration's figures by the profile or the recorded runs; None: not known.

    Returns:
        0 to 1. None without a grid, where its front is a single point, or where the front has a
        configuration that the grid does not know.
    """
    if not grid or any(s.configuration not in grid for s in front.summaries):
        return None
    every = objectives(list(grid.values()))
    if np.count_nonzero(non_dominated(every)) < 2:
        return None
    found = [list(grid).index(s.configuration) for s in front.summaries]
    return HypervolumeScale.of(every).share(every[found])
