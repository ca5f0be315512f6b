"""Dry run: estimates a run's work, time and disk from the profile, without starting anything."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dynasplit.app.cli.terminal import Terminal
from dynasplit.app.setup.kinds.base import HostsKind
from dynasplit.app.setup.phases import (
    OnlineResult,
    Session,
    front_of,
    offline_phase,
    online_phase,
)
from dynasplit.app.setup.prepare_model import plan_of
from dynasplit.app.setup.rehearsal import rehearsal
from dynasplit.app.setup.resolve import prepared_inputs, run_inputs
from dynasplit.app.setup.run_inputs import RunInputs
from dynasplit.core.measurement import Measurement
from dynasplit.offline.search import build
from dynasplit.offline.study import OfflineResult
from dynasplit.run.journal import Journal
from hosts.models.prepared.artifacts import default_root

_ROW_BYTES = 400
"""A measurement in the journal, the tables and MLflow, without its trace."""
_INFERENCE_BYTES = 12
"""The latency of a single inference, in the journal and the table."""
_TRACE_BYTES, _SAMPLE_BYTES = 3000, 20
"""A window's trace file, and each sample in it."""


def tell(hosts: HostsKind, terminal: Terminal) -> None:
    """Print the estimates of a run."""
    terminal.say(f"{hosts.config.name} on {hosts.name} hosts; nothing is started.")
    for line in hosts.remarks():
        terminal.say(line)
    for name, text in [*_work(hosts, terminal), *_artifacts(hosts)]:
        terminal.say(f"  {name:15} {text}")


def _work(hosts: HostsKind, terminal: Terminal) -> list[tuple[str, str]]:
    if hosts.is_known_early:
        inputs = run_inputs(hosts)
    elif plan_of(hosts.order).ready:
        inputs = prepared_inputs(hosts, terminal)
    else:
        return [("configurations", "known once the network is prepared")]
    if inputs.testbed.profile is None:
        return _without_profile(inputs)
    session = Session(rehearsal(inputs.testbed), Journal(), audit=None)
    offline = offline_phase(_searched_at_random(inputs), session)
    online = online_phase(front_of(inputs, offline), inputs, session, offline)
    served = [one.measurement for one in online.served]
    runs = [*(offline.measurements if offline else ()), *served]
    assumed = "predicted from multiply-accumulates by the profile's law; accelerator off"
    return [
        *([("timings", assumed)] if inputs.testbed.is_predicted else []),
        ("configurations", _configurations(inputs, offline)),
        ("requests", _requests(inputs, online)),
        ("board time", _board_time(offline, served, inputs.testbed.profile.name)),
        ("disk", _disk(inputs.record.results_dir, runs)),
    ]


def _searched_at_random(inputs: RunInputs) -> RunInputs:
    """The same work without the thinking, which a person would wait for."""
    drawn = replace(inputs.offline, algorithm=build("random"))
    return replace(inputs, offline=drawn)


def _artifacts(hosts: HostsKind) -> list[tuple[str, str]]:
    if not hosts.computes:
        return []
    found = plan_of(hosts.order)
    work = "in the cache" if found.ready else f"to be made, about {found.size_mb:.0f} MB"
    place, network = default_root(), hosts.config.model.label
    return [("network", f"{network}, {found.weights} weights; {work} ({place})")]


def _without_profile(inputs: RunInputs) -> list[tuple[str, str]]:
    space = inputs.testbed.space
    share = inputs.offline.budget.limit(space)
    searched = "none, a front is given" if inputs.given_front else f"at most {share}"
    recorded = inputs.testbed.runs is not None
    return [
        ("configurations", f"{len(space)} valid; {searched} searched"),
        ("board time", "none, the runs are recorded" if recorded else "unknown without a profile"),
    ]


def _configurations(inputs: RunInputs, offline: OfflineResult | None) -> str:
    valid = len(inputs.testbed.space)
    if offline is None:
        return f"{valid} valid; none searched, a front is given"
    return (
        f"{valid} valid; {offline.configurations_measured} searched by "
        f"{inputs.offline.algorithm.name}, then about {offline.repeats} repeats of the front"
    )


def _requests(inputs: RunInputs, online: OnlineResult) -> str:
    each = len(online.served) // len(online.policies)
    return f"{each}, served by each of {', '.join(inputs.online.policies)}"


def _board_time(offline: OfflineResult | None, served: Sequence[Measurement], profile: str) -> str:
    parts_s = (
        {"searching": offline.testbed_time_s, "repeating": offline.apart_time_s} if offline else {}
    )
    parts_s["serving"] = sum(m.testbed_time_s or 0.0 for m in served)
    told = ", ".join(f"{hours(seconds)} {name}" for name, seconds in parts_s.items())
    return f"about {hours(sum(parts_s.values()))}: {told} (by profile {profile})"


def hours(seconds: float) -> str:
    """A time in hours, or minutes where it is short."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _disk(results_dir: Path, runs: Sequence[Measurement]) -> str:
    samples = sum(2 * 10 * (m.window_s or 0.0) for m in runs)
    single = sum(len(m.inference_ms) for m in runs)
    needed_mb = len(runs) * (_ROW_BYTES + _TRACE_BYTES) + samples * _SAMPLE_BYTES
    needed_mb = (needed_mb + single * _INFERENCE_BYTES) / 1e6
    place = results_dir.absolute()
    while not place.exists():
        place = place.parent
    free_gb = shutil.disk_usage(place).free / 1e9
    return f"about {math.ceil(needed_mb)} MB in {results_dir} ({free_gb:.0f} GB free)"
