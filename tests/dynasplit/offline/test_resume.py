"""However and wherever a run is killed, starting it again gives what an uninterrupted one gives.

But for testbed time: the first measurement after a start sets every knob, since what is set is not
known then, where an uninterrupted run sets only those that differ.
"""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dynasplit.core.errors import (
    AgentEnded,
    HostProgramFailed,
    LinkLost,
    ResultsError,
    WindowInvalid,
)
from dynasplit.core.events import Remarked, Subscriber, nobody
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy
from tests.dynasplit.watched import but_for_time


class Killed(BaseException):
    """Stands for kill -9: nothing between it and the top catches it."""


ROOT = Path(__file__).resolve().parents[3]
BUDGET = Budget(configurations=40)
ALGORITHMS = search.names()


def explored(
    space,
    testbed,
    folder: Path,
    name="nsga3",
    *,
    budget=BUDGET,
    subscriber: Subscriber = nobody,
    **options,
):
    with Journal(folder / "journal.jsonl") as journal:
        options_of = {"population_size": 10} if "nsga" in name else {}
        algorithm = search.build(name, **options_of)
        settings = OfflineSettings(
            budget=budget,
            seed=3,
            storage=folder / "study.log",
            retry=RetryPolicy(options.pop("retries", 2), wait_s=0),
            **options,
        )
        return search_front(space, algorithm, testbed, journal, settings, subscriber)


def found_by(result):
    """All that was found, without what it cost."""
    runs = tuple(map(but_for_time, result.measurements))
    return dataclasses.replace(result, measurements=runs, testbed_time_s=0.0, apart_time_s=0.0)


def assert_the_same(resumed, whole, starts=None) -> None:
    """The same was found, at the same cost but for the first measurement of each start.

    Args:
        starts: their places among the measurements; None: anywhere.
    """
    assert found_by(resumed) == found_by(whole)
    pairs = zip(resumed.measurements, whole.measurements, strict=True)
    more_s = [a.testbed_time_s - b.testbed_time_s for a, b in pairs]
    assert min(more_s) >= 0
    if starts is not None:
        assert {place for place, more in enumerate(more_s) if more} <= set(starts)
    spent_s = [r.testbed_time_s + r.apart_time_s for r in (resumed, whole)]
    assert spent_s[0] - spent_s[1] == pytest.approx(sum(more_s))


def killed_at(number: int):
    def before(call, _configuration):
        if call == number:
            raise Killed

    return before


# Before anything, among the corners, at the end of the search, and among the repeats.
KILLS = (0, 3, 38, 41)
CASES = [("nsga3", kill) for kill in KILLS]
CASES += [
    pytest.param(name, kill, marks=pytest.mark.medium)
    for name in ALGORITHMS
    if name != "nsga3"
    for kill in (11, 45)
]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """By algorithm, each made once."""
    known = {}

    def of(name, space, testbed):
        if name not in known:
            known[name] = explored(space, testbed, tmp_path_factory.mktemp(name), name)
        return known[name]

    return of


@pytest.mark.parametrize(("name", "kill"), CASES)
def test_killed_search_goes_on_as_if_it_had_not_been(
    space, make_testbed, tmp_path, uninterrupted, name, kill
):
    whole = uninterrupted(name, space, make_testbed())
    first, second = make_testbed(before=killed_at(kill)), make_testbed()
    with pytest.raises(Killed):
        explored(space, first, tmp_path, name)
    assert len(first.spent) == kill
    assert_the_same(explored(space, second, tmp_path, name), whole, [kill])
    assert not set(first.spent) & set(second.spent)
    assert not second.repeated()
    assert len(whole.searched) == 40


@pytest.mark.parametrize("name", [pytest.param("nsga2", marks=pytest.mark.medium), "nsga3"])
def test_killed_at_every_measurement(space, make_testbed, tmp_path, name):
    """Also at the first ask of every generation, where Optuna chooses the parents."""
    whole = explored(space, make_testbed(), tmp_path / "whole", name, front_repeats=1)
    for _ in range(len(whole.measurements) + 1):
        try:
            testbed = make_testbed(before=killed_at(1))
            resumed = explored(space, testbed, tmp_path / "killed", name, front_repeats=1)
        except Killed:
            continue
    assert_the_same(resumed, whole)
    assert resumed.testbed_time_s > whole.testbed_time_s  # each measurement sets every knob


@pytest.mark.parametrize("kill", [7, 20])
def test_a_time_budget_counts_what_earlier_starts_spent(space, make_testbed, tmp_path, kill):
    budget = Budget(testbed_time_s=300)
    options = {"budget": budget, "front_repeats": 0}
    whole = explored(space, make_testbed(), tmp_path / "whole", **options)
    folder = tmp_path / "killed"
    with pytest.raises(Killed):
        explored(space, make_testbed(before=killed_at(kill)), folder, **options)
    resumed = explored(space, make_testbed(), folder, **options)
    count = len(resumed.searched)
    assert resumed.searched == whole.searched[:count]
    assert len(whole.searched) - 1 <= count < 60  # the start may have cost one of them
    times_s = {m.configuration: m.testbed_time_s for m in resumed.measurements}
    spent_s = [times_s[c] for c in resumed.searched]
    assert resumed.testbed_time_s == pytest.approx(sum(spent_s))
    assert sum(spent_s[:-1]) < 300 <= sum(spent_s)


@pytest.mark.parametrize("name", ["nsga3", "tpe"])
def test_killed_between_the_journal_and_the_study(space, make_testbed, tmp_path, name, monkeypatch):
    """The measurement is kept, its trial is not told."""
    from dynasplit.offline.optuna_study import OptunaTrials

    whole = explored(space, make_testbed(), tmp_path / "whole", name)
    tell, told = OptunaTrials.tell, []

    def dying(self, asked, state, *values, **more):
        told.append(state)
        if len(told) in (5, 23, 24, 40):
            raise Killed
        tell(self, asked, state, *values, **more)

    monkeypatch.setattr(OptunaTrials, "tell", dying)
    spent = []
    for _ in range(5):
        testbed = make_testbed()
        try:
            resumed = explored(space, testbed, tmp_path / "killed", name)
        except Killed:
            continue
        finally:
            spent += testbed.spent
    assert len(told) > 40
    assert_the_same(resumed, whole)
    assert len(spent) == len(set(spent)) == len(whole.measurements)


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_study_lost_is_drawn_again_without_measuring(space, make_testbed, tmp_path, kept):
    whole = explored(space, make_testbed(), tmp_path)
    lines = (tmp_path / "study.log").read_bytes().splitlines(keepends=True)
    (tmp_path / "study.log").write_bytes(b"".join(lines[len(lines) - int(kept * len(lines)) :]))
    testbed = make_testbed()
    assert explored(space, testbed, tmp_path) == whole
    assert not testbed.spent


def test_torn_last_lines_are_cut_off(space, make_testbed, tmp_path):
    whole = explored(space, make_testbed(), tmp_path / "whole")
    with pytest.raises(Killed):
        explored(space, make_testbed(before=killed_at(20)), tmp_path / "killed")
    for name in ("journal.jsonl", "study.log"):
        path = tmp_path / "killed" / name
        path.write_bytes(path.read_bytes() + path.read_bytes().splitlines()[-1][:30])
    resumed = explored(space, make_testbed(), tmp_path / "killed")
    assert_the_same(resumed, whole, [19, 20])  # the 20th was written, then torn off again


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "nsga2"}, "algorithm is Nsga3"),
        ({"name": "random"}, "algorithm is Nsga3"),
    ],
)
def test_another_search_in_the_folder_is_refused(space, make_testbed, tmp_path, change, message):
    explored(space, make_testbed(), tmp_path)
    with pytest.raises(ResultsError, match=message):
        explored(space, make_testbed(), tmp_path, **change)


def _garbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (_garbled, "study.log"),
        (lambda path: path.write_bytes(b"{}\n"), "study.log"),
        (lambda path: path.write_bytes(b"\xff\xfe\n[1]\n"), "study.log"),
        (lambda path: (path.unlink(), path.mkdir()), "study.log"),
        (lambda path: path.unlink(), "journal.jsonl"),
    ],
    ids=["zeros", "empty", "binary", "a folder", "no journal"],
)
@pytest.mark.fault(
    group="files",
    fault="a damaged or lost `study.log`",
    seen=(
        "`study.log was set aside as study.log.set-aside`; it is drawn again from the "
        "journal, without measuring"
    ),
    kept="`study.log.set-aside`",
)
def test_a_damaged_study_is_drawn_again_from_the_journal(
    space, make_testbed, tmp_path, damage, name
):
    whole = explored(space, make_testbed(), tmp_path)
    damage(tmp_path / name)
    testbed, events = make_testbed(), []
    again = explored(space, testbed, tmp_path, subscriber=events.append)
    assert_the_same(again, whole)
    assert len(testbed.spent) == (0 if name == "study.log" else len(whole.measurements))
    (said,) = [e.text for e in events if isinstance(e, Remarked)]
    assert "study.log was set aside as study.log.set-aside" in said
    assert (tmp_path / "study.log.set-aside").exists()


def refused_from(number: int, *healthy):
    """From so many calls on, nothing but some configurations can be measured."""

    def before(call, configuration):
        if call >= number and configuration not in healthy:
            raise HostProgramFailed("crashed")

    return before


@pytest.mark.fault(
    group="search",
    fault="a configuration that was given up, in a run that goes on",
    seen="nothing more: it is not asked again, once it was at the end of the search",
    kept="why it was given up; all else is what it would have been",
)
def test_what_was_given_up_is_kept_and_not_asked_again(space, make_testbed, tmp_path):
    whole = explored(space, make_testbed(), tmp_path / "healthy")
    broken = whole.searched[20]

    def before(_call, configuration):
        if configuration == broken:
            raise HostProgramFailed("crashed")

    found = explored(space, make_testbed(before=before), tmp_path / "whole")
    assert [(g.phase, g.configuration, g.reason) for g in found.given_up] == [
        ("search", broken, "crashed")
    ]
    with pytest.raises(Killed):
        explored(space, make_testbed(before=_both(before, killed_at(45))), tmp_path / "killed")
    again = make_testbed()
    assert_the_same(explored(space, again, tmp_path / "killed"), found)
    assert broken not in [c for c, _ in again.spent]


def once(*faulty: Configuration):
    """The first asking of some configurations fails, each with all its attempts."""
    left = dict.fromkeys(faulty, 3)

    def before(_call, configuration):
        if left.get(configuration):
            left[configuration] -= 1
            raise WindowInvalid("gate late: it lags")

    return before


@pytest.mark.parametrize("name", ["nsga3", pytest.param("structured", marks=pytest.mark.medium)])
@pytest.mark.parametrize("kill", [30, 46, 48, 60])
@pytest.mark.fault(
    group="search",
    fault="a fault that passes, in the search: all attempts at some configurations are refused",
    seen="why each failed, and that they are `asked again`; the report names them once more",
    kept="they are measured at the end of the search, also by a run that goes on there",
)
def test_what_a_passing_fault_refused_is_measured_at_the_end(
    space, make_testbed, tmp_path, uninterrupted, name, kill
):
    """Kills: before and after the first of them, among those asked again, in the repeats."""
    healthy = uninterrupted(name, space, make_testbed())
    faulty = healthy.searched[18], healthy.searched[39]
    told: list[object] = []
    whole = explored(
        space, make_testbed(before=once(*faulty)), tmp_path / "whole", name, subscriber=told.append
    )
    assert {g.configuration for g in whole.recovered} >= {faulty[0]}
    assert all(g.reason == "gate late: it lags" for g in whole.recovered)
    assert (whole.given_up, whole.failed) == ((), ())
    assert len(whole.searched) == 40 + len(whole.recovered)
    assert [e for e in told if isinstance(e, Remarked) and "asked again" in e.text]
    before = _both(once(*faulty), killed_at(kill))
    with pytest.raises(Killed):
        explored(space, make_testbed(before=before), tmp_path / "killed", name)
    given_up = Journal(tmp_path / "killed" / "journal.jsonl").given_up()
    left = [c for c in faulty if c not in {g.configuration for g in given_up}]
    testbed = make_testbed(before=once(*left))
    assert_the_same(explored(space, testbed, tmp_path / "killed", name), whole)
    assert not testbed.repeated()


@pytest.mark.fault(
    group="search",
    fault="a fault that passes, in the repeats",
    seen="why it failed, and that `1 member that failed is asked again`",
    kept="what is on the front stays on it",
)
def test_a_passing_fault_in_the_repeats_takes_nothing_off_the_front(
    space, make_testbed, tmp_path, uninterrupted
):
    healthy = uninterrupted("nsga3", space, make_testbed())
    struck = healthy.front.summaries[2].configuration
    times = [0]

    def before(_call, configuration):
        if configuration == struck:
            times[0] += 1
            if 3 <= times[0] < 6:  # the second of its repeats, with all attempts
                raise WindowInvalid("gate late: it lags")

    told: list[object] = []
    found = explored(space, make_testbed(before=before), tmp_path, subscriber=told.append)
    assert [
        e
        for e in told
        if isinstance(e, Remarked) and "1 member that failed is asked again" in e.text
    ]
    assert [g.configuration for g in found.recovered] == [struck]
    assert found.front == healthy.front
    again = make_testbed()
    assert_the_same(explored(space, again, tmp_path), found)
    assert not again.spent


@pytest.mark.fault(
    group="search",
    fault="three refusals in a row that pass while what was measured last still can be",
    seen="why each failed, and `3 failed in a row; it is seen whether that passes within 240 s`",
    kept="the last good one and the first that failed are asked in turn, with rests between; the "
    "run goes on",
)
@pytest.mark.parametrize("lasts", [10, 19])
def test_a_row_of_refusals_that_passes_ends_no_run(
    space, make_testbed, tmp_path, uninterrupted, lasts
):
    whole = uninterrupted("nsga3", space, make_testbed())
    known = set(whole.searched[:15])
    refused: list[Configuration] = []

    def before(call, configuration):
        if configuration not in known and call < 15 + lasts:
            refused.append(configuration)
            raise HostProgramFailed("it does not now")

    if lasts == 19:  # three, and eight turns of two
        with pytest.raises(HostProgramFailed, match="it does not now"):
            explored(space, make_testbed(before=before), tmp_path)
        return
    told: list[object] = []
    found = explored(space, make_testbed(before=before), tmp_path, subscriber=told.append)
    said = "3 failed in a row; it is seen whether that passes within 240 s"
    assert said in [e.text for e in told if isinstance(e, Remarked)]
    assert {g.configuration for g in found.recovered} == set(refused)
    assert len(set(refused)) == 3
    assert not found.given_up


@pytest.mark.parametrize(
    ("lasts_s", "passes"), [pytest.param(200, True, marks=pytest.mark.medium), (260, False)]
)
def test_what_refuses_at_once_is_asked_until_its_time_is_over(
    space, make_testbed, tmp_path, lasts_s, passes
):
    """What was measured last is refused too, so that only rests let the testbed's time go on."""
    rested_s = []

    def before(call, _configuration):
        if call >= 15 and sum(rested_s) < lasts_s:
            raise HostProgramFailed("it does not now")

    testbed = make_testbed(before=before)
    testbed.rest = rested_s.append
    if not passes:
        with pytest.raises(HostProgramFailed, match="it does not now"):
            explored(space, testbed, tmp_path)
        return
    found = explored(space, testbed, tmp_path)
    assert not found.given_up
    assert len(found.recovered) == 3


@pytest.mark.fault(
    group="search",
    fault="a host or link that is gone when the last configurations are asked for",
    seen="its error, once what was measured last cannot be measured again either",
    kept="nothing is given up: the same command asks for them again",
)
def test_a_link_that_is_gone_at_the_end_gives_nothing_up(space, make_testbed, tmp_path):
    """Too few are left to be told from configurations that cannot be."""
    every = {"name": "grid", "budget": Budget(fraction=1.0)}
    whole = explored(space, make_testbed(), tmp_path / "whole", **every)
    last = [c for c in whole.searched if c != space.edge_only][-1]
    gone = set()

    def before(_call, configuration):
        gone.update({configuration} & {last})
        if gone:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        explored(space, make_testbed(before=before), tmp_path, **every)
    resumed = explored(space, make_testbed(), tmp_path, **every)
    assert_the_same(resumed, whole)
    assert not resumed.given_up


def test_a_configuration_that_breaks_the_link_is_given_up_once_another_is_measured(
    space, make_testbed, tmp_path
):
    broken = [c for c in space.configurations if c != space.edge_only][-1]

    def before(_call, configuration):
        if configuration == broken:
            raise LinkLost("gone")

    every = {"name": "grid", "budget": Budget(fraction=1.0)}
    found = explored(space, make_testbed(before=before), tmp_path, **every)
    assert broken in [g.configuration for g in found.given_up]


def _both(*befores):
    def before(call, configuration):
        for one in befores:
            one(call, configuration)

    return before


@pytest.mark.parametrize(
    ("name", "failures"),
    [("nsga3", 1), ("nsga3", 2), pytest.param("structured", 2, marks=pytest.mark.medium)],
)
@pytest.mark.fault(
    group="search",
    fault="Ctrl-C while things fail",
    seen="how to go on",
    kept="healthy configurations do not count as failed",
)
def test_what_failed_before_ctrl_c_is_asked_again(
    space, make_testbed, tmp_path, uninterrupted, failures, name
):
    """The testbed broke, and its user saw that first."""
    before = _both(killed_at(20 + failures), refused_from(20))
    with pytest.raises(Killed):
        explored(space, make_testbed(before=before), tmp_path, name)
    resumed = explored(space, make_testbed(), tmp_path, name)
    assert_the_same(resumed, uninterrupted(name, space, make_testbed()))
    assert not resumed.given_up


@pytest.mark.parametrize("name", ["nsga3", pytest.param("structured", marks=pytest.mark.medium)])
@pytest.mark.fault(
    group="search",
    fault="three configurations in a row: an outage",
    seen="the run ends with the error",
    kept="the same command asks for the same again and gives what an undisturbed run gives",
)
def test_an_outage_in_the_search_changes_nothing_once_it_is_over(
    space, make_testbed, tmp_path, uninterrupted, name
):
    for _ in range(3):
        with pytest.raises(HostProgramFailed):
            explored(space, make_testbed(before=refused_from(12)), tmp_path, name)
    resumed = explored(space, make_testbed(), tmp_path, name)
    assert_the_same(resumed, uninterrupted(name, space, make_testbed()))
    assert not resumed.given_up


@pytest.mark.fault(
    group="search",
    fault="an outage in the repeats",
    seen="the run ends with the error",
    kept="the same",
)
def test_an_outage_in_the_repeats_changes_nothing_once_it_is_over(
    space, make_testbed, tmp_path, uninterrupted
):
    with pytest.raises(HostProgramFailed):
        explored(space, make_testbed(before=refused_from(50)), tmp_path)
    resumed = explored(space, make_testbed(), tmp_path)
    assert_the_same(resumed, uninterrupted("nsga3", space, make_testbed()))
    assert not resumed.given_up


@pytest.mark.parametrize("number", [12, 39, 50], ids=["search", "its last one", "repeats"])
@pytest.mark.fault(
    group="agents",
    fault="an agent's end, in the search or the repeats",
    seen="the run ends at once: `edge agent has ended ...`",
    kept="no configuration is given up for it",
)
def test_an_agent_s_end_is_no_configuration_s_fault(
    space, make_testbed, tmp_path, uninterrupted, number
):
    """Not even where no other one is left to be measured."""

    def before(call, _configuration):
        if call >= number:
            raise AgentEnded("edge agent has ended by a signal: it said nothing")

    testbed = make_testbed(before=before)
    with pytest.raises(AgentEnded, match="edge agent has ended"):
        explored(space, testbed, tmp_path)
    assert testbed.calls == number + 1
    resumed = explored(space, make_testbed(), tmp_path)
    assert_the_same(resumed, uninterrupted("nsga3", space, make_testbed()), [number])
    assert not resumed.given_up


def test_a_journal_of_another_space_is_refused(space, make_testbed, tmp_path):
    smaller = SearchSpace.from_configurations(space.configurations[-20:], 22)
    journal = Journal()
    journal.append(make_testbed().measure(space.configurations[0]))
    settings = OfflineSettings(budget=BUDGET)
    with pytest.raises(ResultsError, match="not in this run's space"):
        search_front(smaller, search.build("grid"), make_testbed(), journal, settings)


@pytest.mark.medium
def test_really_killed(tmp_path):
    """kill -9 at whatever instant it hits."""

    def start(folder: Path) -> subprocess.Popen:
        folder.mkdir(exist_ok=True)
        words = [sys.executable, "-m", "tests.dynasplit.offline.slow_search", str(folder)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    whole, _ = start(tmp_path / "whole").communicate(timeout=60)
    journal = tmp_path / "killed" / "journal.jsonl"
    for lines in (4, 37, 80):
        child = start(tmp_path / "killed")
        while not journal.exists() or journal.read_bytes().count(b"\n") < lines:
            assert child.poll() is None
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    resumed, _ = start(tmp_path / "killed").communicate(timeout=60)
    assert "split_point" in whole
    assert resumed == whole
