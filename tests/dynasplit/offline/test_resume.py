"""However and wherever a run is killed, starting it again gives what an uninterrupted one gives."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.core.space import SearchSpace
from dynasplit.offline import search
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy


class Killed(BaseException):
    """Stands for kill -9: nothing between it and the top catches it."""


ROOT = Path(__file__).resolve().parents[3]
BUDGET = Budget(configurations=40)
ALGORITHMS = search.names()


def explored(space, testbed, folder: Path, name="nsga3", budget=BUDGET, **options):
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
        return search_front(space, algorithm, testbed, journal, settings)


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
    assert explored(space, second, tmp_path, name) == whole
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
    assert resumed == whole


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
    assert resumed == whole
    assert len(spent) == len(set(spent)) == len(whole.measurements)


def test_study_lost_is_drawn_again_without_measuring(space, make_testbed, tmp_path):
    whole = explored(space, make_testbed(), tmp_path)
    (tmp_path / "study.log").unlink()
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
    assert explored(space, make_testbed(), tmp_path / "killed") == whole


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


def test_a_study_ahead_of_its_journal_is_refused(space, make_testbed, tmp_path):
    explored(space, make_testbed(), tmp_path)
    (tmp_path / "journal.jsonl").unlink()
    with pytest.raises(ResultsError, match="the journal does not"):
        explored(space, make_testbed(), tmp_path)


def test_a_journal_of_another_space_is_refused(space, make_testbed, tmp_path):
    smaller = SearchSpace.from_configurations(space.configurations[-20:], 22)
    journal = Journal()
    journal.append(make_testbed().measure(space.configurations[0]))
    settings = OfflineSettings(budget=BUDGET)
    with pytest.raises(ResultsError, match="not in this run's space"):
        search_front(smaller, search.build("grid"), make_testbed(), journal, settings)


CHILD = """
    import time
    from pathlib import Path
    from dynasplit.offline import search
    from dynasplit.core.space import Knob, SearchSpace
    from dynasplit.offline.study import Budget, OfflineSettings, search_front
    from dynasplit.run.journal import Journal
    from dynasplit.testbed.modelled import ModelledTestbed
    from hosts.emulation.profile import load_profile

    class Slow(ModelledTestbed):
        def measure(self, configuration, **more):
            time.sleep(0.002)
            self._set = None
            return super().measure(configuration, **more)

    folder = Path({folder!r})
    space = SearchSpace.build(range(23), 22, [Knob("cpu_mhz", tuple(range(600, 1801, 200)))])
    found = search_front(
        space, search.build("nsga3"), Slow(load_profile("pi4_coral_v100"), "vgg16"),
        Journal(folder / "journal.jsonl"),
        OfflineSettings(budget=Budget(configurations=100), storage=folder / "study.log"),
    )
    print([str(c) for c in found.searched], len(found.measurements))
"""


@pytest.mark.medium
def test_really_killed(tmp_path):
    """kill -9 at whatever instant it hits."""

    def start(folder: Path) -> subprocess.Popen:
        folder.mkdir(exist_ok=True)
        code = textwrap.dedent(CHILD.format(folder=str(folder)))
        return subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

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
