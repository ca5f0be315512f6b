import itertools
from collections import Counter

import pytest

from dynasplit.core.errors import (
    ConfigurationError,
    HostKeyRefused,
    HostProgramFailed,
    HostUnreachable,
    KnobNotHeld,
    KnobRefused,
    WindowInvalid,
)
from dynasplit.core.events import Failed, Finished, Measured, Remarked, Started, nobody
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.front.dominance import non_dominated, objectives
from dynasplit.offline import search
from dynasplit.offline.search.base import Algorithm, Suggestion
from dynasplit.offline.search_state import RESTS_S
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy


def run(space, testbed, name="nsga3", budget=None, journal=None, **options):
    algorithm = search.build(name) if isinstance(name, str) else name
    budget = budget or Budget(configurations=30)
    journal = journal or Journal()
    subscriber = options.pop("subscriber", nobody)
    retry = RetryPolicy(options.pop("retries", 2), wait_s=0)
    settings = OfflineSettings(budget=budget, retry=retry, **options)
    return search_front(space, algorithm, testbed, journal, settings, subscriber)


ALGORITHMS = search.names()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_budget_buys_distinct_valid_configurations(space, testbed, name):
    found = run(space, testbed, name, front_repeats=0)
    assert found.configurations_measured == len(set(found.searched)) == 30
    assert set(found.searched) <= set(space.configurations)
    assert not testbed.repeated()
    assert found.front.cloud_only.configuration == space.cloud_only
    assert found.front.edge_only.configuration == space.edge_only
    assert found.asked >= 30


@pytest.mark.parametrize("name", ALGORITHMS)
def test_corners_come_first_or_the_baselines_are_counted_apart(space, testbed, name):
    found = run(space, testbed, name, front_repeats=0)
    if search.build(name).seeds_corners:
        assert found.searched[: len(space.corners)] == space.corners
        assert not found.apart
        assert found.apart_time_s == 0
    else:
        assert testbed.spent[0] == (space.cloud_only, 0)
        assert set(found.apart) == {space.cloud_only, space.edge_only} - set(found.searched)
    total_s = sum(m.testbed_time_s for m in found.measurements)
    assert found.testbed_time_s + found.apart_time_s == pytest.approx(total_s)


@pytest.mark.parametrize("name", ["nsga3", "nsga3_reference", "tpe"])
def test_a_whole_space_is_measured_once(testbed, name):
    space = SearchSpace.build(range(20, 23), 22, [Knob("cpu_mhz", (600, 1000, 1800))])
    found = run(space, testbed, name, Budget(fraction=1), front_repeats=0)
    assert sorted(found.searched) == sorted(space.configurations)
    assert len(testbed.spent) == len(space)


def test_the_published_budget(vgg16_space):
    assert Budget(fraction=0.2).limit(vgg16_space) == 184
    assert Budget(fraction=0.2, configurations=46).limit(vgg16_space) == 46
    assert Budget(configurations=5000).limit(vgg16_space) == 917
    assert Budget().limit(vgg16_space) == 917


@pytest.mark.parametrize("wrong", [{"configurations": 0}, {"fraction": 1.2}, {"min_gain": -1}])
def test_budgets_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Budget(**wrong)


def test_testbed_time_ends_a_search(space, testbed):
    found = run(space, testbed, budget=Budget(testbed_time_s=300), front_repeats=0)
    times_s = {m.configuration: m.testbed_time_s for m in found.measurements}
    assert 300 <= found.testbed_time_s < 300 + times_s[found.searched[-1]]
    assert found.configurations_measured > 10
    assert "testbed time" in found.stopped


class Shrinking(Algorithm):
    """States gains of 1/2, 1/4, ..."""

    name = "shrinking"
    states_gain = True

    def suggest(self, progress):
        return Suggestion(progress.unmeasured[0], 0.5 ** len(progress.history))


def test_small_gains_end_a_search_once_they_stay(space, testbed):
    found = run(space, testbed, Shrinking(), Budget(min_gain=2.0**-10), front_repeats=0)
    assert found.configurations_measured == 14  # 2**-11, -12, -13 are the first three below
    assert "gain" in found.stopped
    with pytest.raises(ConfigurationError, match="does not state"):
        run(space, testbed, "nsga3", Budget(min_gain=0.1))


def test_front_and_baselines_are_repeated_and_the_repeats_counted_apart(space, testbed):
    found = run(space, testbed, front_repeats=4)
    times = Counter(c for c, _ in testbed.spent)
    summaries = list(found.candidates)
    kept = non_dominated(objectives(summaries))
    front = [s for s, keep in zip(summaries, kept, strict=True) if keep]
    assert all(s.repeats == 5 == times[s.configuration] for s in front)
    assert found.front.cloud_only.repeats == found.front.edge_only.repeats == 5
    assert set(times.values()) == {1, 5}
    assert found.configurations_measured == 30
    assert found.repeats == len(testbed.spent) - 30
    assert not testbed.repeated()


def test_who_comes_onto_the_front_by_repeats_is_repeated_too(space, make_testbed):
    """A lucky first run hides the others until its repeats show it for what it is."""
    lucky = space.configurations[40]

    class Lucky:
        def __init__(self):
            self.inner = make_testbed()

        def measure(self, configuration, *, repeat=0, **more):
            import dataclasses

            found = self.inner.measure(configuration, repeat=repeat, **more)
            if configuration == lucky and repeat == 0:
                return dataclasses.replace(found, latency_ms=1.0, energy_j=0.1, accuracy=1.0)
            return found

    testbed = Lucky()
    found = run(space, testbed, "grid", Budget(fraction=1), front_repeats=2)
    summaries = list(found.candidates)
    kept = non_dominated(objectives(summaries))
    front = [s for s, keep in zip(summaries, kept, strict=True) if keep]
    assert len(front) > 5
    assert all(s.repeats == 3 for s in front)
    assert lucky not in [s.configuration for s in front]


def failing(error, *wrong):
    def before(_number, configuration):
        if configuration in wrong:
            raise error

    return before


def test_transient_errors_are_tried_again(space, make_testbed):
    faults = iter([WindowInvalid("gap"), HostUnreachable("no answer")])

    def before(number, _configuration):
        if number in (3, 4):
            raise next(faults)

    events = []
    testbed = make_testbed(before=before)
    found = run(space, testbed, front_repeats=0, retries=2, subscriber=events.append)
    assert found.configurations_measured == 30
    assert not found.failed
    assert testbed.calls == 32
    assert not [e for e in events if isinstance(e, Failed)]
    told = [e.text for e in events if isinstance(e, Remarked)]
    assert [text.partition(" is measured ")[2] for text in told if "gap" in text] == ["again: gap"]


def test_a_configuration_that_keeps_failing_is_left_out(space, make_testbed):
    broken = space.corners[3]
    testbed = make_testbed(before=failing(WindowInvalid("no samples"), broken))
    events = []
    found = run(space, testbed, front_repeats=0, subscriber=events.append)
    assert found.failed == (broken,)
    assert found.configurations_measured == 30
    assert testbed.calls == 30 + 2 * 3  # with all attempts, and again at the end
    assert [(e.configuration, e.reason) for e in events if isinstance(e, Failed)] == [
        (broken, "no samples"),
        (broken, "no samples (asked again)"),
    ]
    assert [g.configuration for g in found.given_up] == [broken]


def test_a_baseline_that_fails_ends_the_run(space, make_testbed):
    testbed = make_testbed(before=failing(WindowInvalid("no samples"), space.edge_only))
    with pytest.raises(WindowInvalid):
        run(space, testbed)


def test_a_refused_host_ends_the_run_at_once(space, make_testbed):
    def before(number, _configuration):
        if number >= 12:
            raise HostKeyRefused("another key")

    testbed = make_testbed(before=before)
    journal = Journal()
    with pytest.raises(HostKeyRefused):
        run(space, testbed, journal=journal)
    assert len(journal.measurements()) == 12
    assert testbed.calls == 13


def test_three_failing_in_a_row_end_the_run_and_are_asked_again(space, make_testbed, tmp_path):
    def before(number, _configuration):
        if number >= 12:
            raise HostProgramFailed("crashed")

    whole = run(space, make_testbed(), front_repeats=0, storage=tmp_path / "whole")
    journal = Journal()
    testbed = make_testbed(before=before)
    with pytest.raises(HostProgramFailed):
        run(space, testbed, journal=journal, storage=tmp_path / "study", front_repeats=0)
    assert testbed.calls == 15 + len(RESTS_S)  # what was measured last: does it pass?
    healthy = make_testbed()
    resumed = run(space, healthy, journal=journal, storage=tmp_path / "study", front_repeats=0)
    assert not resumed.failed
    assert resumed.searched == whole.searched


def test_doubtful_runs_are_repeated_a_bounded_number_of_times(space, testbed):
    first, second = space.corners[1], space.corners[2]

    def audit(measurement, _before):
        if measurement.configuration == first:
            return ["frequency"]
        if measurement.configuration == second and measurement.repeat == 0:
            return ["transfer", "single_run"]
        return ["single_run"]

    found = run(space, testbed, audit=audit, rechecks=2, front_repeats=0)
    times = Counter(c for c, _ in testbed.spent)
    assert (times.pop(first), times.pop(second)) == (3, 2)
    assert set(times.values()) == {1}
    assert found.measurements[1].flags == ("frequency",)
    assert found.configurations_measured == 30
    assert found.repeats == 0


def test_what_was_not_measured_is_left_out_of_the_objectives(make_testbed):
    space = SearchSpace.build(range(23), 22, [Knob("cpu_mhz", (600, 1200, 1800))])
    found = run(space, make_testbed(has_accuracy=False), front_repeats=1)
    assert found.candidates[0].quality is None
    assert found.configurations_measured == 30


def test_events_tell_the_whole_story(space, testbed):
    events = []
    found = run(space, testbed, "random", subscriber=events.append)
    by_phase = {
        phase: [e for e in events if e.phase == phase]
        for phase in ("baselines", "search", "repeats")
    }
    assert [p for p, _ in itertools.groupby(e.phase for e in events)] == list(by_phase)
    for told in by_phase.values():
        start, *middle, end = told
        assert isinstance(start, Started)
        assert isinstance(end, Finished)
        assert all(isinstance(e, Measured) for e in middle)
        assert middle[-1].done == middle[-1].total
    assert [e.measurement for e in events if isinstance(e, Measured)] == list(found.measurements)


def test_unmeasurable_space(space, make_testbed):
    testbed = make_testbed(before=failing(WindowInvalid("no samples"), *space.configurations))
    with pytest.raises(WindowInvalid):
        run(space, testbed)
    assert testbed.calls == 9


def test_one_configuration_is_enough(testbed):
    only = Configuration.of(22, cpu_mhz=1800)
    space = SearchSpace.from_configurations([only], 22)
    found = run(space, testbed)
    assert found.searched == (only,)
    assert found.front.cloud_only is None


@pytest.mark.parametrize("refused_mhz", [600, 1800])
@pytest.mark.parametrize("name", ["nsga3", "grid"])
@pytest.mark.fault(
    group="search",
    fault="a setting that a host refuses (a frequency that its firmware does not hold)",
    seen="its configurations are given up by name, and the search goes on",
    kept="all others are measured",
)
def test_a_value_that_is_refused_ends_no_search(make_testbed, name, refused_mhz):
    """However many configurations in a row have it; the next one stands for the fastest."""
    words = f"cpu_mhz={refused_mhz} asked, 1000 read back; allowed: +-10"
    knobs = [Knob("cpu_mhz", (600, 1800)), Knob("cloud_gpu", (False, True), "cloud")]
    space = SearchSpace.build((0, 18, 19, 20, 21, 22), 22, knobs)

    def refused(_call, configuration):
        if configuration.cpu_mhz == refused_mhz:
            raise KnobRefused(f"edge host: {words}")

    journal, told = Journal(), []
    options = {"journal": journal, "front_repeats": 0, "subscriber": told.append}
    found = run(space, make_testbed(before=refused), name, Budget(fraction=1), **options)
    taken_mhz = 2400 - refused_mhz
    assert {c.cpu_mhz for c in found.searched} == {taken_mhz}
    for baseline, best in (
        (found.front.cloud_only, space.cloud_only),
        (found.front.edge_only, space.edge_only),
    ):
        assert baseline.configuration == Configuration.of(
            best.split_point, **dict(best.knobs) | {"cpu_mhz": taken_mhz}
        )
    remarks = [e.text for e in told if isinstance(e, Remarked)]
    assert len([text for text in remarks if "asked again" in text]) == (
        name == "nsga3" or refused_mhz == 600
    )
    stands_in = [text for text in remarks if "stands for" in text]
    assert len(stands_in) == (2 if refused_mhz == 1800 else 0)
    assert all(words in text for text in stands_in)
    if refused_mhz == 1800:  # given up in the journal, it is not asked again
        again = make_testbed(before=refused)
        resumed = run(space, again, name, Budget(fraction=1), **options)
        assert (resumed.front, again.calls) == (found.front, 0)
    assert len(found.searched) == len(space) / 2
    assert {g.configuration for g in journal.given_up()} == set(space.configurations) - set(
        found.searched
    )
    assert all(words in g.reason for g in journal.given_up())


@pytest.mark.parametrize("error", [KnobRefused, KnobNotHeld])
def test_three_different_settings_that_are_refused_in_a_row_are_an_outage(make_testbed, error):
    space = SearchSpace.build([22], 22, [Knob("cpu_mhz", (600, 1000, 1400, 1800))])

    def refused(_call, configuration):
        raise error(f"edge host: cpu_mhz={configuration.cpu_mhz} asked; Permission denied")

    testbed = make_testbed(before=refused)
    with pytest.raises(error):
        run(space, testbed, "nsga3", Budget(fraction=1), retries=0)
    assert testbed.calls == 4  # 600, 1800, 600 once more, 1000
