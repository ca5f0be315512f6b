"""Folders of runs: continued, begun anew, held by one controller."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dynasplit.core.errors import DataError, ResultsError
from dynasplit.run import identity, run_folder
from dynasplit.run.run_folder import open_run_folder
from dynasplit.run.run_record import read_record
from dynasplit.run.writable import check_writable

ROOT = Path(__file__).resolve().parents[3]


def test_an_unfinished_run_of_the_same_identity_is_continued(tmp_path):
    with open_run_folder(tmp_path, "x", "id") as first:
        assert not first.resumed
    with open_run_folder(tmp_path, "x", "id") as second:
        assert second.resumed
        assert second.path == first.path


def test_a_finished_run_or_another_identity_is_not_continued(tmp_path):
    with open_run_folder(tmp_path, "x", "id") as first:
        first.finish()
    with open_run_folder(tmp_path, "x", "id") as second, open_run_folder(tmp_path, "x", "b") as b:
        assert len({first.path, second.path, b.path}) == 3
        assert not second.resumed
        assert not b.resumed


def test_resume_false_starts_anew_and_the_newest_is_continued(tmp_path):
    with open_run_folder(tmp_path, "x", "id") as first:
        pass
    with open_run_folder(tmp_path, "x", "id", resume=False) as second:
        assert second.path != first.path
    with open_run_folder(tmp_path, "x", "id") as third:
        assert third.path == second.path


@pytest.mark.fault(
    group="files",
    fault="an unfinished run's folder that was copied",
    seen="nothing: the copy goes on by itself",
    kept="the other run's study in `search.storage`, and its MLflow run",
)
def test_a_copy_has_another_name_in_stores_and_what_was_moved_has_the_same(tmp_path):
    with open_run_folder(tmp_path / "here", "x", "id") as first:
        name = first.name
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    for _ in range(2):
        with open_run_folder(tmp_path / "there", "x", "id") as copy:
            assert copy.resumed
            assert copy.name != name
            copied = copy.name
    (tmp_path / "here").rename(tmp_path / "moved")
    with open_run_folder(tmp_path / "moved", "x", "id") as moved:
        assert (moved.resumed, moved.name) == (True, name)
    with open_run_folder(tmp_path / "there", "x", "id") as copy:
        assert copy.name == copied


@pytest.mark.fault(
    group="room",
    fault="the same run twice at a time",
    seen="`this very run is going on in ...`, with the process",
    kept="the first one's folder",
)
def test_a_second_controller_of_the_same_run_is_told_who_has_it(tmp_path):
    with (
        open_run_folder(tmp_path, "x", "id") as first,
        pytest.raises(ResultsError, match=r"this very run is going on in .* \(process \d+\)"),
        open_run_folder(tmp_path, "x", "id"),
    ):
        pass
    assert read_record(first.path) is not None


def test_a_controller_that_was_killed_holds_nothing(tmp_path):
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from dynasplit.run.run_folder import open_run_folder\n"
        "with open_run_folder(Path(sys.argv[1]), 'x', 'id'):\n    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    with open_run_folder(tmp_path, "x", "id") as folder:
        assert folder.resumed


def test_run_json_says_what_the_run_is(tmp_path):
    with open_run_folder(tmp_path, "x", "id", online="served", configuration={"seed": 3}) as folder:
        found = json.loads((folder.path / "run.json").read_text())
    assert found["state"] == "unfinished"
    assert found["configuration"] == {"seed": 3}
    assert (found["identity"], found["online"]) == ("id", "served")
    assert found["git_revision"] == identity.git_revision()
    assert "hosts/meters" in found["code"]
    assert "numpy" in found["libraries"]


def test_another_online_phase_goes_on_with_what_was_measured_unless_it_is_held(tmp_path):
    with open_run_folder(tmp_path, "x", "id", online="a") as first:
        pass
    with open_run_folder(tmp_path, "x", "id", online="b") as second:
        assert (second.path, second.resumed) == (first.path, True)
        with open_run_folder(tmp_path, "x", "id", online="c") as beside:
            assert beside.path != first.path


def test_other_hosts_at_the_same_address_do_not_go_on(tmp_path):
    with open_run_folder(tmp_path, "x", "id") as first:
        first.claim_hosts({"edge": "pi", "cloud": "server"})
    with open_run_folder(tmp_path, "x", "id") as second:
        second.claim_hosts({"edge": "pi", "cloud": "server"})
        with pytest.raises(ResultsError, match=r"'pi' measured as edge; .* is 'pi2'"):
            second.claim_hosts({"edge": "pi2", "cloud": "server"})


@pytest.mark.fault(
    group="search",
    fault="code that changed since a run was begun",
    seen="its folders are named, with a warning where they measure",
    kept="what was measured",
)
def test_code_that_has_changed_since_is_named(tmp_path, monkeypatch):
    states = iter([{"hosts/meters": "1", "docs": "1"}, {"hosts/meters": "2", "docs": "1"}])
    monkeypatch.setattr(run_folder, "code_state", lambda: next(states))
    with open_run_folder(tmp_path, "x", "id") as first:
        assert first.changed == ()
    with open_run_folder(tmp_path, "x", "id") as second:
        assert second.resumed
        assert second.changed == ("hosts/meters",)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"cannot be written: .*; allowed"):
        check_writable(tmp_path / "file" / "results")


def test_a_damaged_record_is_passed_over(tmp_path):
    with open_run_folder(tmp_path, "x", "id") as folder:
        pass
    (folder.path / "run.json").write_text('{"identity": ')
    with open_run_folder(tmp_path, "x", "id") as other:
        assert other.path != folder.path


def test_the_identity_follows_configuration_files_artifacts_and_nothing_else(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("a")
    plain = identity.identity_of({"seed": 1}, files=[file], artifacts=["1", "2"])
    assert plain == identity.identity_of({"seed": 1}, files=[file], artifacts=["2", "1"])
    others = [
        identity.identity_of({"seed": 2}, files=[file], artifacts=["1", "2"]),
        identity.identity_of({"seed": 1}, files=[file], artifacts=["1"]),
        identity.identity_of({"seed": 1}, artifacts=["1", "2"]),
    ]
    file.write_text("b")
    others.append(identity.identity_of({"seed": 1}, files=[file], artifacts=["1", "2"]))
    assert plain not in others
    assert len(set(others)) == 4


def test_code_is_known_by_its_folders_and_caches_do_not_count(tmp_path):
    sources = [tmp_path / "hosts" / "a.py", tmp_path / "hosts" / "meters" / "b.py"]
    sources[1].parent.mkdir(parents=True)
    for source in sources:
        source.write_text("x = 1")
    before = identity.code_state(tmp_path)
    assert set(before) >= {"hosts", "hosts/meters"}
    (sources[0].parent / "a.pyc").write_text("compiled")
    assert identity.code_state(tmp_path) == before
    sources[1].write_text("x = 2")
    now = identity.code_state(tmp_path)
    assert identity.changed_rooms(before, now) == ["hosts/meters"]
    assert identity.changed_rooms({}, now) == []


def test_a_named_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataError, match="nope"):
        identity.identity_of({}, files=[tmp_path / "nope"])


def test_versions_are_those_installed():
    found = identity.library_versions(ROOT / "requirements.txt")
    assert found["numpy"] == __import__("numpy").__version__
    assert "keras" in found


@pytest.mark.parametrize("name", [".locks", "x"])
def test_a_file_where_a_folder_should_be_is_one_line(tmp_path, name):
    (tmp_path / name).touch()
    with (
        pytest.raises(ResultsError, match="cannot be made: File exists; is a file there instead"),
        open_run_folder(tmp_path, "x", "id"),
    ):
        pass


def test_a_run_that_older_code_began_goes_on_under_what_that_knew_it_by(tmp_path):
    """Its journal bears that identity, and the requests that it has served bear the phase's."""
    with open_run_folder(tmp_path, "x", "by path", online="by path too") as old:
        pass
    older = identity.Identities("by path", "by path too")
    with open_run_folder(tmp_path, "x", "id", online="on", older=older) as found:
        assert found.path == old.path
        assert (found.record.identity, found.record.online) == older
    with open_run_folder(
        tmp_path, "x", "id", online="on", older=older._replace(online="other")
    ) as found:
        assert (found.record.identity, found.record.online) == ("by path", "on")
    with open_run_folder(tmp_path, "x", "id", online="on") as new:
        assert new.path != old.path
