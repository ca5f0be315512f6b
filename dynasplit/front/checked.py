"""What a front of a file must be before anything is chosen from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

import numpy as np

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Summary
from dynasplit.core.provenance import told_j
from dynasplit.core.space import Configuration
from dynasplit.front.dominance import QualityName, non_dominated, objectives
from hosts.knobs.base import describe

_MOST_MS, _MOST_J = 1e8, 1e7  # as in tables of runs
_KNOB = re.compile(r"[a-z][a-z0-9_]*")


def check_summaries(
    path: object,
    summaries: Sequence[Summary],
    baselines: Mapping[str, Summary | None],
    last_split_point: int,
    quality: QualityName | None,
) -> tuple[Summary, ...]:
    """The summaries of a file's front by ascending latency, as each front has them.

    Args:
        path: the file, for messages.
        summaries: as they stand there.
        baselines: by name; they need not be on the front.
        last_split_point: of the network.
        quality: which quality the front says that it has.

    Raises:
        DataError: what cannot be used: file, summary (from 0), found, allowed.
    """
    if not summaries:
        raise DataError(f"{path}: the front is empty; allowed: at least one summary")
    if last_split_point < 0:
        raise DataError(f"{path}, last_split_point: found {last_split_point}; allowed: from 0 on")
    named = {f"summary {place}": s for place, s in enumerate(summaries)}
    every = named | {name: s for name, s in baselines.items() if s is not None}
    for where, summary in every.items():
        _check_configuration(f"{path}, {where}", summary.configuration, last_split_point)
        _check_figures(f"{path}, {where}", summary)
    _check_alike(path, every, quality)
    _check_distinct(path, summaries)
    points = objectives(summaries)
    kept = non_dominated(points)
    if not kept.all():
        place = int(np.argmin(kept))
        better = np.flatnonzero((points <= points[place]).all(axis=1) & kept)
        raise DataError(
            f"{path}, summary {place}: found {summaries[place].configuration.words()}, which "
            f"summary {better[0]} dominates; allowed: only what no other summary dominates"
        )
    return tuple(summaries[i] for i in np.lexsort(points.T[::-1]).tolist())


def _refuse(where: str, found: object, allowed: str) -> NoReturn:
    raise DataError(f"{where}: found {found}; allowed: {allowed}")


def _check_configuration(where: str, configuration: Configuration, last: int) -> None:
    if not 0 <= configuration.split_point <= last:
        _refuse(f"{where}, split_point", configuration.split_point, f"0 to {last}")
    names = [name for name, _ in configuration.knobs]
    for name, value in configuration.knobs:
        if not _KNOB.fullmatch(name) or names.count(name) > 1:
            found = f"{name!r}" + (" more than once" if names.count(name) > 1 else "")
            _refuse(f"{where}, knobs", found, "names of small letters, digits and _, each once")
        knob = describe(name)
        kind = getattr(knob, "kind", None)  # a knob that is not known here has none
        if kind is not None and type(value) is not kind:
            _refuse(f"{where}, knob {name}", repr(value), f"a value of type {kind.__name__}")
        low = -1e12 if knob.least is None else knob.least
        high = 1e12 if knob.most is None else knob.most
        if type(value) is int and not low <= value <= high:
            _refuse(f"{where}, knob {name}", value, f"{low:g} to {high:g} {knob.unit}".rstrip())
        if value == "":
            _refuse(f"{where}, knob {name}", "an empty word", "a word")


def _check_figures(where: str, summary: Summary) -> None:
    times_ms = (summary.latency_q25_ms, summary.latency_ms, summary.latency_q75_ms)
    energies_j = (summary.energy_q25_j, summary.energy_j, summary.energy_q75_j)
    present_j = [e for e in energies_j if e is not None]
    for figures, unit, most in ((times_ms, "ms", _MOST_MS), (present_j, "J", _MOST_J)):
        for found in figures:
            if not (math.isfinite(found) and 0 < found <= most):
                _refuse(where, f"{found:g} {unit}", f"above 0, to {most:g} {unit}")
        if list(figures) != sorted(figures):
            words = ", ".join(f"{f:g}" for f in figures)
            _refuse(where, f"quartiles {words} {unit}", "ascending")
    interval_j = [b for b in (summary.energy_low_j, summary.energy_high_j) if b is not None]
    if interval_j != sorted(interval_j) or len(interval_j) == 1 or min(interval_j, default=0) < 0:
        words = (
            f"energy_low_j {told_j(summary.energy_low_j)}, "
            f"energy_high_j {told_j(summary.energy_high_j)}"
        )
        _refuse(where, words, "both in this order, from 0 J on, or none")
    if present_j and len(present_j) < len(energies_j):
        _refuse(
            where,
            f"energies {', '.join(map(told_j, energies_j))}",
            "the median and both quartiles, or none",
        )
    for run_ms in summary.latencies_ms:
        if not 0 < run_ms <= _MOST_MS:
            _refuse(f"{where}, latencies_ms", f"{run_ms:g} ms", f"above 0, to {_MOST_MS:g} ms")
    for name, share in (("accuracy", summary.accuracy), ("fidelity", summary.fidelity)):
        if share is not None and not 0 <= share <= 1:
            _refuse(f"{where}, {name}", f"{share:g}", "0 to 1")
    if summary.repeats < 1:
        _refuse(f"{where}, repeats", summary.repeats, "from 1 on")


def _check_alike(path: object, every: Mapping[str, Summary], quality: QualityName | None) -> None:
    """All have the same knobs, and energy and quality all or none."""
    first_where, first = next(iter(every.items()))
    knobs = [name for name, _ in first.configuration.knobs]
    for where, s in every.items():
        found = [name for name, _ in s.configuration.knobs]
        if found != knobs:
            _refuse(f"{path}, {where}, knobs", found, f"{knobs}, as in {first_where}")
        if (s.energy_j is None) != (first.energy_j is None):
            lacking = where if s.energy_j is None else first_where
            _refuse(f"{path}, {lacking}, energy_j", "no value", "energy in all summaries or none")
        if quality is not None and getattr(s, quality) is None:
            _refuse(f"{path}, {where}, {quality}", "no value", f"a share: the front has {quality}")


def _check_distinct(path: object, summaries: Sequence[Summary]) -> None:
    seen: dict[Configuration, int] = {}
    for place, s in enumerate(summaries):
        first = seen.setdefault(s.configuration, place)
        if first != place:
            words = f"{s.configuration.words()} again, first in summary {first}"
            _refuse(f"{path}, summary {place}", words, "each configuration once")
