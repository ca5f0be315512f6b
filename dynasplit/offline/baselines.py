"""The baselines of a search: cloud-only and edge-only, every knob at its fastest."""

from __future__ import annotations

from functools import partial

from dynasplit.core.errors import KnobRefused
from dynasplit.core.events import Finished, Measured, Remarked, Started, Subscriber
from dynasplit.core.given_up import GivenUp, told_apart
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, KnobValue, SearchSpace
from dynasplit.offline.measurer import Measurer
from dynasplit.offline.search_state import refused_setting

Baselines = tuple[Configuration | None, Configuration | None]
"""Cloud-only and edge-only; None: its split point is not in the space."""

Settings = dict[tuple[str, KnobValue], str]
"""Knob values that a host has refused, and its words."""


def measured_baselines(space: SearchSpace, measurer: Measurer, subscriber: Subscriber) -> Baselines:
    """Measure what is not measured yet.

    Where a host refuses the fastest value of a knob, the fastest that it takes stands for it. Any
    other failure ends the run, since nothing replaces a baseline.

    Raises:
        DynaSplitError: one cannot be measured.
    """
    wanted = [c for c in dict.fromkeys((space.cloud_only, space.edge_only)) if c]
    left = [c for c in wanted if not measurer.runs.get(c)]
    if not left:
        return space.cloud_only, space.edge_only
    subscriber(Started("baselines", len(left)))
    done, refused = 0, _known_refused(measurer)
    found: dict[int, Configuration] = {}
    for configuration in wanted:
        if configuration in left:
            done += 1
            measurer.announce = partial(_announce, subscriber, done, len(left))
        measured = _measured(configuration, space, measurer, refused)
        if measured != configuration:
            subscriber(Remarked("baselines", _words(measured, configuration, refused)))
        found[configuration.split_point] = measured
    subscriber(Finished("baselines", f"{len(left)} baselines are measured"))
    return found.get(0), found.get(space.last_split_point)


def _measured(
    baseline: Configuration, space: SearchSpace, measurer: Measurer, refused: Settings
) -> Configuration:
    """The baseline, or the fastest without what is refused, once there are runs of it."""
    if measurer.runs.get(baseline):
        return baseline
    while True:
        chosen = space.fastest_at(baseline.split_point, refused)
        if chosen is None:
            raise KnobRefused("; ".join(refused.values()))
        try:
            measurer.search_runs(chosen)
        except KnobRefused as error:
            setting = refused_setting(chosen, str(error))
            if setting is None:
                raise
            refused[setting] = str(error)
            measurer.journal.append_given_up(
                GivenUp(phase="search", configuration=chosen, reason=str(error))
            )
        else:
            return chosen


def _known_refused(measurer: Measurer) -> Settings:
    """What the search was refused already: it was given up, and is not asked again."""
    found: Settings = {}
    stay, _ = told_apart(measurer.journal.given_up(), measurer.journal.measurements())
    for given_up in stay:
        setting = refused_setting(given_up.configuration, given_up.reason)
        if setting is not None:
            found[setting] = given_up.reason
    return found


def _words(measured: Configuration, baseline: Configuration, refused: Settings) -> str:
    why = "; ".join(words for pair, words in refused.items() if pair in baseline.knobs)
    return f"{measured.words()} stands for {baseline.words()}, which cannot be measured: {why}"


def _announce(subscriber: Subscriber, done: int, total: int, found: Measurement) -> None:
    subscriber(Measured("baselines", found, done, total))
