"""What an earlier run has measured, found and taken over."""

from dataclasses import replace

import pytest

from dynasplit.core.errors import ConfigurationError, ResultsError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.run.identity import Identities
from dynasplit.run.journal import Journal
from dynasplit.run.records import Begun
from dynasplit.run.run_folder import open_run_folder
from dynasplit.run.taken_over import Earlier, finished_campaign, missing, read_earlier

RUN = Measurement(configuration=Configuration.of(3), source="emulated", latency_ms=1.0)
BEGUN = Begun(identity="id", experiment="x", network="vgg16", last_split_point=22)
SPACE = SearchSpace.build(range(23), 22, [])


def ran(results, online: str, *, finished: bool = True, runs=(RUN,), kind: str = "local"):
    """A run that has measured; its folder."""
    configuration = {"hosts": {"kind": kind}}
    with (
        open_run_folder(
            results, "x", "id", resume=False, online=online, configuration=configuration
        ) as folder,
        Journal(folder.path / "journal.jsonl") as journal,
    ):
        journal.begin(BEGUN)
        for run in runs:
            journal.append(run)
        if finished:
            folder.finish()
    return folder.path


def test_the_newest_finished_run_of_the_campaign_is_taken(tmp_path):
    ran(tmp_path, "a")
    newest = ran(tmp_path, "b", runs=(RUN, replace(RUN, repeat=1)))
    ran(tmp_path, "c", finished=False)
    found = finished_campaign(tmp_path / "x", [Identities("id", "d")])
    assert found is not None
    assert found.folder == newest
    assert len(found.measurements(BEGUN, "local", SPACE)) == 2


def test_none_is_taken_by_another_campaign_or_where_the_same_was_finished(tmp_path):
    ran(tmp_path, "a")
    ran(tmp_path, "b")
    assert finished_campaign(tmp_path / "x", [Identities("id", "a")]) is None
    assert finished_campaign(tmp_path / "x", [Identities("other", "c")]) is None
    assert finished_campaign(tmp_path / "none", [Identities("id", "c")]) is None


def test_a_damaged_journal_of_a_finished_run_stops_no_other(tmp_path):
    path = ran(tmp_path, "a")
    (path / "journal.jsonl").write_text('{"kind":"strange"}\n')
    assert finished_campaign(tmp_path / "x", [Identities("id", "b")]) is None


@pytest.mark.parametrize(
    ("begun", "kind", "words"),
    [
        (Begun("id", "x", "vit_b16", 19), "local", "it measured vgg16 with 22"),
        (BEGUN, "emulated", "it measured on local hosts; asked for emulated"),
    ],
)
def test_what_measured_something_else_is_refused(tmp_path, begun, kind, words):
    earlier = read_earlier(ran(tmp_path, "a"))
    with pytest.raises(ConfigurationError, match=words):
        earlier.measurements(begun, kind, SPACE)


def test_only_what_is_in_the_new_space_is_taken(tmp_path):
    earlier = read_earlier(ran(tmp_path, "a"))
    assert list(earlier.measurements(BEGUN, "local", SPACE)) == [RUN]
    narrow = SearchSpace.build([0, 22], 22, [])
    with pytest.raises(
        ConfigurationError, match="of the 1 runs that it measured none is in this run's"
    ):
        earlier.measurements(BEGUN, "local", narrow)


def test_a_run_that_named_another_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """Also from another folder, if it was named by a path from where it was started."""
    donor = ran(tmp_path, "a")
    monkeypatch.chdir(tmp_path)
    with open_run_folder(tmp_path, "x", "other", resume=donor) as first:
        assert not first.resumed
        first.take_over(donor.relative_to(tmp_path), {"edge": "pi"})
    monkeypatch.chdir("/")
    with open_run_folder(tmp_path, "x", "other", resume=donor) as again:
        assert (again.resumed, again.path) == (True, first.path)
        with pytest.raises(ResultsError, match="'pi' measured as edge"):
            again.claim_hosts({"edge": "another"})
    with open_run_folder(tmp_path, "x", "other", resume=ran(tmp_path, "b")) as third:
        assert not third.resumed


def test_an_unfinished_run_that_is_named_is_continued_itself(tmp_path):
    path = ran(tmp_path, "a", finished=False)
    with open_run_folder(tmp_path, "x", "id", resume=path) as folder:
        assert (folder.resumed, folder.path) == (True, path)


def test_what_was_taken_over_is_told_apart(tmp_path):
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.take_over("there", [RUN], [])
        journal.append(replace(RUN, repeat=1))
    with Journal(tmp_path / "j.jsonl") as journal:
        assert journal.taken_over == [RUN]
        assert len(journal.measurements()) == 2


@pytest.mark.parametrize("lost", [2, 3])
def test_what_was_taken_over_in_two_parts_is_told_apart_too(tmp_path, lost):
    """A line is cut off, or damaged when the run has measured itself: it is taken again."""
    runs = [replace(RUN, repeat=repeat) for repeat in range(3)]
    own = replace(RUN, configuration=Configuration.of(4))
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.take_over("there", runs, [])
        journal.append(own)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[lost] = b"damaged\n"
    path.write_bytes(b"".join(lines))
    for _ in range(2):
        with Journal(path) as journal:
            taken = missing(journal.measurements(), runs)
            if taken:
                journal.take_over("there", taken, [])
            assert sorted(m.repeat for m in journal.taken_over) == [0, 1, 2]
            assert own not in journal.taken_over


def test_an_older_journal_says_once_how_many_it_took_over(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.append(RUN)
        journal.append(replace(RUN, repeat=1))
    path.write_text('{"kind":"took_over","folder":"there","measurements":1}\n' + path.read_text())
    with Journal(path) as journal:
        assert journal.taken_over == [RUN]


def test_an_older_run_says_less_and_is_taken(tmp_path):
    path = ran(tmp_path, "a")
    lines = (path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (path / "journal.jsonl").write_bytes(b"".join(lines[1:]))
    (path / "run.json").unlink()
    earlier: Earlier = read_earlier(path)
    assert list(earlier.measurements(BEGUN, "local", SPACE)) == [RUN]


def test_a_run_from_a_given_front_hides_no_campaign(tmp_path):
    measured = ran(tmp_path, "a")
    ran(tmp_path, "from a front", runs=())
    found = finished_campaign(tmp_path / "x", [Identities("id", "c")])
    assert found is not None
    assert found.folder == measured


def test_what_a_run_that_was_cut_off_has_not_taken_is_taken_when_it_goes_on():
    again = replace(RUN, repeat=1)
    assert missing([RUN], [RUN, again]) == [again]
    assert missing([], [RUN, again]) == [RUN, again]
    assert missing([again, RUN], [RUN, again]) == []
