"""Writes what a run leaves in its folder: summary, front, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.app.setup.phases import Outcome
from dynasplit.app.setup.run_inputs import Ground
from dynasplit.config.schema import Config
from dynasplit.core.errors import ResultsError
from dynasplit.figures import draw_all
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.tables import write_requests, write_runs


def summary_of(config: Config, ground: Ground, outcome: Outcome) -> dict[str, Any]:
    """What summary.json holds; what is not known is None."""
    return {
        "experiment": config.name,
        "model": ground.network,
        "hosts": config.hosts.kind,
        "emulated": is_emulated(ground, outcome),
        "mode": ground.mode,
        "predicted": ground.is_predicted,
        "seed": config.seed,
        "search": _search_block(ground, outcome),
        "policies": summarise_requests(outcome.served),
    }


def is_emulated(ground: Ground, outcome: Outcome) -> bool:
    """Whether any figure comes from something else than real hosts."""
    sources = {row.measurement.source for row in outcome.served}
    if ground.runs is not None:
        sources = {ground.runs.source}
    return bool(sources & {"emulated", "modelled"})


def write_outputs(
    folder: Path, summary: Mapping[str, Any], ground: Ground, found: Outcome
) -> list[Path]:
    """Write tables, front, figures and summary; returns which files.

    Raises:
        ResultsError: the folder cannot be written.
    """
    model, last = ground.network, ground.space.last_split_point
    front, runs, requests, told = (
        folder / name for name in ("front.json", "runs.parquet", "requests.parquet", "summary.json")
    )
    found.front.save(front)
    written = [front, requests, told]
    if found.explored is not None:
        write_runs(runs, found.explored.measurements, model=model, last_split_point=last)
        written.append(runs)
    write_requests(requests, found.served, model=model, last_split_point=last)
    candidates = found.explored.candidates if found.explored else ()
    written += draw_all(folder, candidates, found.front, found.served, ground.remarks)
    write_json(told, summary)
    return written


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


def _search_block(ground: Ground, outcome: Outcome) -> dict[str, Any]:
    explored = outcome.explored
    return {
        "algorithm": explored.algorithm if explored else None,
        "space_size": len(ground.space),
        "configurations_measured": explored.configurations_measured if explored else 0,
        "front_size": len(outcome.front.summaries),
        "hypervolume": hypervolume(outcome.front, ground.reference()),
        "testbed_time_s": explored.testbed_time_s if explored else 0.0,
    }


def hypervolume(front: ParetoFront, reference: ParetoFront | None) -> float | None:
    """The front's hypervolume as a share of the exhaustive grid's.

    By the objectives that both have: a profile knows latency and energy, but no accuracy.
    Without a reference, as a share of the whole box in the front's own scale. None where what sets
    the scale is a single point.
    """
    if len((reference or front).summaries) < 2:
        return None
    if reference is None:
        return front.hypervolume()
    if front.quality != reference.quality:
        front, reference = _without_quality(front), _without_quality(reference)
    return front.hypervolume(reference)


def _without_quality(front: ParetoFront) -> ParetoFront:
    summaries = tuple(replace(s, accuracy=None, fidelity=None) for s in front.summaries)
    return replace(front, summaries=summaries, quality=None)
