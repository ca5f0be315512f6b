"""Says what a run would do, without starting anything: the profile rehearses it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup import local_machine
from dynasplit.app.setup.phases import Outcome, budget_of, run_phases
from dynasplit.app.setup.prepare_model import NEEDED_BY, plan_of, prepared
from dynasplit.app.setup.run_inputs import Ground, ground_of, is_known_early
from dynasplit.app.setup.testbeds import rehearsal
from dynasplit.config.schema import Config
from dynasplit.core.events import nobody
from dynasplit.core.measurement import Measurement
from dynasplit.run.journal import Journal
from hosts.models.runtime.artifacts import default_root

_ROW_BYTES = 400
"""A measurement in the journal, the tables and MLflow, without its trace."""
_TRACE_BYTES, _SAMPLE_BYTES = 3000, 20
"""A window's trace file, and each sample in it."""


def tell(config: Config, terminal: Terminal) -> None:
    """Print what the run would do."""
    config = local_machine.settled(config)
    terminal.say(f"{config.name} on {config.hosts.kind} hosts; nothing is started.")
    local_machine.tell(config, terminal)
    for name, text in [*_work(config, terminal), *_artifacts(config)]:
        terminal.say(f"  {name:15} {text}")


def _work(config: Config, terminal: Terminal) -> list[tuple[str, str]]:
    if is_known_early(config):
        ground = ground_of(config)
    elif plan_of(config).ready:
        ground = ground_of(config, prepared(config, terminal))
    else:
        return [("configurations", "known once the network is prepared")]
    if ground.profile is None:
        return _without_profile(config, ground)
    found = run_phases(
        config,
        ground,
        rehearsal(config, ground),
        Journal(),
        storage=None,
        subscriber=nobody,
        audit=None,
    )
    runs = [*(found.explored.measurements if found.explored else ()), *_online(found)]
    assumed = "predicted from multiply-accumulates by the profile's law; accelerator off"
    return [
        *([("timings", assumed)] if ground.is_predicted else []),
        ("configurations", _configurations(ground, found)),
        ("requests", _requests(config, found)),
        ("board time", _board_time(found, ground.profile.name)),
        ("disk", _disk(config, runs)),
    ]


def _artifacts(config: Config) -> list[tuple[str, str]]:
    if config.hosts.kind not in NEEDED_BY:
        return []
    found = plan_of(config)
    work = "in the cache" if found.ready else f"to be made, about {found.size_mb:.0f} MB"
    place = default_root()
    return [("network", f"{config.model.label}, {found.weights} weights; {work} ({place})")]


def _without_profile(config: Config, ground: Ground) -> list[tuple[str, str]]:
    share = budget_of(config).limit(ground.space)
    searched = "none, a front is given" if config.front else f"at most {share}"
    recorded = ground.runs is not None
    return [
        ("configurations", f"{len(ground.space)} valid; {searched} searched"),
        ("board time", "none, the runs are recorded" if recorded else "unknown without a profile"),
    ]


def _configurations(ground: Ground, found: Outcome) -> str:
    if found.explored is None:
        return f"{len(ground.space)} valid; none searched, a front is given"
    explored = found.explored
    return (
        f"{len(ground.space)} valid; {explored.configurations_measured} searched by "
        f"{explored.algorithm}, then about {explored.repeats} repeats of the front"
    )


def _requests(config: Config, found: Outcome) -> str:
    each = len(found.served) // len(found.policies)
    return f"{each}, served by each of {', '.join(config.policies)}"


def _board_time(found: Outcome, profile: str) -> str:
    offline = (found.explored.testbed_time_s, found.explored.apart_time_s) if found.explored else ()
    online_s = sum(m.testbed_time_s or 0.0 for m in _online(found))
    parts = zip(("searching", "repeating", "serving"), (*offline, online_s), strict=False)
    if not offline:
        parts = zip(("serving",), (online_s,), strict=True)
    told = ", ".join(f"{hours(seconds)} {name}" for name, seconds in parts)
    return f"about {hours(sum(offline) + online_s)}: {told} (by profile {profile})"


def hours(seconds: float) -> str:
    """A time in hours, or minutes where it is short."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _disk(config: Config, runs: list[Measurement]) -> str:
    samples = sum(2 * 10 * (m.window_s or 0.0) for m in runs)
    needed_mb = (len(runs) * (_ROW_BYTES + _TRACE_BYTES) + samples * _SAMPLE_BYTES) / 1e6
    place = Path(config.results_dir).absolute()
    while not place.exists():
        place = place.parent
    free_gb = shutil.disk_usage(place).free / 1e9
    return f"about {math.ceil(needed_mb)} MB in {config.results_dir} ({free_gb:.0f} GB free)"


def _online(found: Outcome) -> list[Measurement]:
    return [served.measurement for served in found.served]
