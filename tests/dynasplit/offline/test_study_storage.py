"""A search shown in a storage of Optuna: filled as it goes on, given up if the storage breaks."""

import optuna
import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.offline import search
from dynasplit.offline.measurer import Measurer
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.offline.study_storage import StudyStorage
from dynasplit.run.journal import Journal
from dynasplit.testbed.retry import RetryPolicy


def explored(space, testbed, journal, subscriber):
    settings = OfflineSettings(budget=Budget(configurations=10), front_repeats=0)
    return search_front(space, search.build("random"), testbed, journal, settings, subscriber)


def shown(uri: str) -> list[str]:
    study = optuna.load_study(study_name="x", storage=uri)
    return [trial.user_attrs["configuration"] for trial in study.trials]


@pytest.mark.medium
def test_it_has_each_configuration_once_also_of_an_earlier_start(space, testbed, tmp_path):
    uri, journal = f"sqlite:///{tmp_path}/studies.db", Journal()
    for _ in range(2):
        found = explored(space, testbed, journal, StudyStorage(uri, "x", space, journal, print))
        assert shown(uri) == [c.words() for c in (*found.apart, *found.searched)]


def test_a_storage_that_breaks_is_told_once_and_the_search_goes_on(space, testbed, tmp_path):
    said: list[str] = []
    uri, journal = f"sqlite:///{tmp_path}/studies.db", Journal()
    storage = StudyStorage(uri, "x", space, journal, said.append)
    (tmp_path / "studies.db").write_bytes(b"no database any more, whatever it was before" * 99)
    found = explored(space, testbed, journal, storage)
    assert found.configurations_measured == 10
    (line,) = said
    assert line.startswith(f"The search is not shown in {uri} any more: ")
    assert line.endswith("It goes on, and is kept in its journal")


def test_a_password_is_not_told(space):
    uri = "postgresql://me:secret@127.0.0.1:1/none"
    with pytest.raises(ResultsError, match=r"me:\*\*\*@127\.0\.0\.1:1/none cannot be opened") as no:
        StudyStorage(uri, "x", space, Journal(), print)
    assert "secret" not in str(no.value)


def test_a_line_that_is_there_twice_is_no_repeat(space, testbed):
    measured, journal = testbed.measure(space.cloud_only), Journal()
    for _ in range(3):
        journal.append(measured)
    assert Measurer(testbed, journal, RetryPolicy()).runs == {space.cloud_only: [measured]}


def test_a_repeat_that_was_lost_is_measured_again_and_none_twice(space, testbed):
    runs = [testbed.measure(space.cloud_only, repeat=repeat) for repeat in range(4)]
    journal = Journal()
    for repeat in (0, 2, 3):
        journal.append(runs[repeat])
    measurer = Measurer(testbed, journal, RetryPolicy())
    assert measurer.runs == {space.cloud_only: runs[:1]}
    measurer.run(space.cloud_only, 1)
    assert [m.repeat for m in measurer.runs[space.cloud_only]] == [0, 1, 2, 3]
    assert [m.repeat for m in journal.measurements()] == [0, 2, 3, 1]
    measurer.run(space.cloud_only, 4)
    assert [m.repeat for m in journal.measurements()] == [0, 2, 3, 1, 4]
