"""What an audit doubts is kept off the front until further runs confirm it."""

import dataclasses

import pytest

from dynasplit.app.report.doubtful import doubtful_block, doubtful_lines
from dynasplit.audit.findings import CHECKS
from dynasplit.core.measurement import Measurement
from dynasplit.core.provenance import CONTRADICTIONS
from dynasplit.core.space import Configuration
from dynasplit.front.confirmed import is_confirmed, unconfirmed
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.offline.budget import Budget
from dynasplit.offline.search import build
from dynasplit.offline.study import OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.tables import RunsTable


def run_of(k: int, latency_ms: float, *flags: str, energy_j: float = 5.0) -> Measurement:
    return Measurement(
        configuration=Configuration(k), latency_ms=latency_ms, energy_j=energy_j, flags=flags
    )


def test_the_audits_flags_are_those_that_contradict() -> None:
    assert set(CONTRADICTIONS) == set(CHECKS) - {"single_run"}


@pytest.mark.parametrize(
    ("runs", "confirmed"),
    [
        ([run_of(1, 50)], True),
        ([run_of(1, 50, "energy_ci", "cloud_rest_0w")], True),  # a gate's warning counts
        ([run_of(1, 50, "frequency")], False),
        ([run_of(1, 50, "frequency"), run_of(1, 90)], True),
        ([run_of(1, t, "frequency") for t in (50, 51, 49)], True),  # it is so
        ([run_of(1, t, "frequency") for t in (50, 51, 90)], False),
        ([run_of(1, 50, "energy", energy_j=e) for e in (5, 5, 9)], False),
        ([run_of(1, t, "edge") for t in (50, 51, 90, 52)], True),
    ],
)
def test_a_sound_run_or_three_that_agree_confirm(runs, confirmed) -> None:
    assert is_confirmed(runs) is confirmed


def test_where_nothing_is_confirmed_there_is_a_front_all_the_same() -> None:
    every = {1: [run_of(1, 50, "edge")], 2: [run_of(2, 60, "edge")]}
    assert unconfirmed(every) == []
    assert unconfirmed(every | {3: [run_of(3, 60)]}) == [1, 2]


def test_a_recorded_front_is_without_what_is_not_confirmed() -> None:
    runs = [run_of(1, 50, energy_j=9.0), run_of(2, 40, "frequency", energy_j=1.0)]
    table = RunsTable.of(runs, model="m", last_split_point=2)
    assert [s.configuration for s in ParetoFront.of_runs(table).summaries] == [Configuration(1)]
    sound = [dataclasses.replace(m, flags=()) for m in runs]
    table = RunsTable.of(sound, model="m", last_split_point=2)
    assert [s.configuration for s in ParetoFront.of_runs(table).summaries] == [Configuration(2)]


def test_a_search_keeps_it_off_the_front_and_repeats_who_follows(space, testbed) -> None:
    doubted = space.cloud_only
    plain, times_ms = testbed.measure, iter((20.0, 30.0, 45.0, 70.0))

    def measure(configuration, **how):
        found = plain(configuration, **how)
        if configuration == doubted:  # the fastest of all, but never twice the same
            return dataclasses.replace(found, latency_ms=next(times_ms))
        return found

    def audit(measurement, _before):
        return ["edge"] if measurement.configuration == doubted else []

    testbed.measure = measure
    found = search_front(
        space,
        build("random"),
        testbed,
        Journal(),
        OfflineSettings(budget=Budget(configurations=20), front_repeats=3, audit=audit),
    )
    assert found.unconfirmed == (doubted,)
    assert found.front.cloud_only is not None
    assert found.front.cloud_only.configuration == doubted
    assert doubted not in [s.configuration for s in found.front.summaries]
    assert {s.repeats for s in found.front.summaries} == {4}


def test_they_are_counted_in_words() -> None:
    runs = [("edge",), ("fault_frozen_meter",), ("edge", "steady"), ()]
    block = doubtful_block(runs, [Configuration(3)])["doubtful"]
    assert (block["measurements"], block["of"]) == (2, 4)
    first, second = doubtful_lines(block)
    assert first.startswith("Doubtful: 2 of 4 measurements (edge 2, steady 1;")
    assert "until further runs confirm them: split 3" in second
    assert doubtful_lines(doubtful_block([()])["doubtful"]) == []
