"""A finished run's folder is complete, consistent and untouched; whatever is done to it is told."""

import dataclasses
import json
import shutil
from pathlib import Path

import msgspec
import pytest

from dynasplit.core.errors import ResultsError
from dynasplit.run.journal_reading import read_journal
from dynasplit.run.records import JOURNAL, Answered, Begun, Measured
from dynasplit.run.run_folder import RunFolder
from dynasplit.run.run_record import RECORD, read_record
from dynasplit.run.sealed import order_of, seal_of
from dynasplit.tables import read_requests, read_runs, write_requests, write_runs
from dynasplit.verification import verified

OLDER = Path(__file__).resolve().parents[2] / "older" / "quick_testbed"
MARK = "6480d642"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run that has finished: the older one, with all of its journal, as this version ends it."""
    place = tmp_path_factory.mktemp("finished") / "run"
    shutil.copytree(OLDER, place)
    kept = [Begun(MARK, "quick_testbed", "digits_cnn", 7)]
    kept += map(Measured, read_runs(place / "runs.parquet").measurements)
    kept += map(Answered, read_requests(place / "requests.parquet").rows)
    (place / JOURNAL).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in kept))
    summary = json.loads((place / "summary.json").read_text())
    for policy in summary["policies"].values():
        del policy["infeasible"]  # it meant another thing
    (place / "summary.json").write_text(json.dumps(summary))
    record = read_record(place)
    record.identity = MARK
    RunFolder(place, record, resumed=True).finish()
    return place


@pytest.fixture
def folder(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "run"))


def words(folder: Path) -> list[tuple[str, str]]:
    return [(one.check, one.file) for one in verified(folder)]


def test_a_run_as_it_ended_has_nothing_to_be_said_of(folder):
    assert verified(folder) == []


def test_a_copy_elsewhere_is_as_good(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "a?b#c")
    assert verified(tmp_path / "a?b#c") == []


@pytest.mark.parametrize(
    "name", ["runs.parquet", "requests.parquet", "front.json", "summary.json", JOURNAL]
)
def test_a_file_that_is_gone_is_missed(folder, name):
    (folder / name).unlink()
    assert ("complete", name) in words(folder)
    assert ("untouched", name) in words(folder)


def test_a_trace_that_is_gone_is_missed(folder):
    trace = next((folder / "traces").iterdir())
    trace.unlink()
    assert words(folder) == [("untouched", f"traces/{trace.name}")]


@pytest.mark.parametrize("name", ["runs.parquet", "requests.parquet", "front.json", "summary.json"])
def test_a_file_that_is_cut_off_cannot_be_read(folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    assert {("complete", name), ("untouched", name)} <= set(words(folder))


def test_a_figure_made_better_is_told_even_with_a_new_hash(folder):
    runs = read_runs(folder / "runs.parquet").measurements
    runs[3] = _faster(runs[3])
    write_runs(folder / "runs.parquet", runs, model="digits_cnn", last_split_point=7)
    _finish_again(folder)
    found = verified(folder)
    assert {one.check for one in found} == {"consistent"}
    assert "1 runs have other figures than in the journal" in found[0].words


def test_a_request_made_better_is_told_even_with_a_new_hash(folder):
    rows = read_requests(folder / "requests.parquet").rows
    write_requests(folder / "requests.parquet", rows[:-1], model="digits_cnn", last_split_point=7)
    _finish_again(folder)
    found = verified(folder)
    assert ("consistent", "requests.parquet") in words(folder)
    assert any("1 requests of the journal are not in it" in one.words for one in found)
    assert any(one.file == "summary.json" for one in found)


def test_a_figure_of_the_summary_made_better_is_told(folder):
    summary = json.loads((folder / "summary.json").read_text())
    summary["policies"]["dynasplit"]["energy_j"]["mean"] *= 0.99
    (folder / "summary.json").write_text(json.dumps(summary))
    assert words(folder) == [("untouched", "summary.json"), ("consistent", "summary.json")]


def test_a_member_taken_off_the_front_is_told(folder):
    front = json.loads((folder / "front.json").read_text())
    del front["front"]["summaries"][1]
    (folder / "front.json").write_text(json.dumps(front))
    (told,) = [one for one in verified(folder) if one.check == "consistent"]
    assert "is not on it, but by the runs is" in told.words


def test_a_setting_changed_in_the_record_breaks_its_seal(folder):
    record = json.loads((folder / RECORD).read_text())
    record["configuration"]["seed"] = 7
    (folder / RECORD).write_text(json.dumps(record))
    assert words(folder) == [("untouched", RECORD)]


def test_a_record_written_otherwise_is_the_same(folder):
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(dict(sorted(record.items())), indent=7))
    assert verified(folder) == []
    assert record["seal"] == seal_of(record)


def test_a_file_that_came_later_is_told_and_is_no_fault(folder):
    (folder / "notes.txt").write_text("mine")
    (told,) = verified(folder)
    assert (told.check, told.file, told.is_serious) == ("untouched", "notes.txt", False)


def test_a_torn_journal_is_told(folder):
    with (folder / JOURNAL).open("ab") as file:
        file.write(b'{"kind":"meas')
    assert ("complete", JOURNAL) in words(folder)


def test_a_run_that_has_not_finished_is_not_complete(folder):
    record = read_record(folder)
    record.state, record.files, record.seal = "unfinished", {}, ""
    (folder / RECORD).write_bytes(msgspec.json.encode(record))
    (folder / "summary.json").unlink()
    assert words(folder) == [("complete", RECORD)]


def test_of_an_older_run_it_is_not_known_whether_it_is_untouched():
    found = [one for one in verified(OLDER) if one.check == "untouched"]
    assert [(one.file, one.is_serious) for one in found] == [(RECORD, False)]


@pytest.fixture
def with_provenance(folder):
    """As this version ends a run on emulated hosts."""
    record = read_record(folder)
    record.libraries, record.code = {"numpy": "2"}, {"dynasplit": "ab"}
    record.host_facts = {"edge": {"node": "pi", "meter": "GPM"}, "cloud": {"node": "vm"}}
    record.meters, record.seeds = {"edge": "GPM"}, {"run": 0}
    record.artifacts = {"head": "0" * 64}
    (folder / "order.jsonl").write_bytes(b'{"phase":"repeats","seed":0,"block":1}\n')
    kept = read_journal(folder / JOURNAL)
    served = [row for phase, row in kept.served if phase == record.online]
    RunFolder(folder, record, resumed=True).finish(order_of(kept.measurements, served))
    assert verified(folder) == []
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"meters": {"edge": "another"}}, "its meters are not those of its hosts"),
        ({"meters": {}}, "says nothing under meters"),
        ({"seeds": {"run": 7}}, "its seeds say 7, and its configuration 0"),
        ({"libraries": {}}, "says nothing under libraries"),
        ({"artifacts": {}}, "says nothing under artifacts"),
        ({"artifacts": {"tail": "abc"}}, "its artifacts: tail has no SHA-256: 'abc'"),
        ({"host_facts": {}, "meters": {}}, "says nothing under host_facts"),
    ],
)
def test_a_record_that_lacks_something_or_says_it_otherwise_is_told(with_provenance, change, said):
    record = msgspec.structs.replace(read_record(with_provenance), **change)
    RunFolder(with_provenance, record, resumed=True).finish(record.order)
    found = verified(with_provenance)
    assert {one.file for one in found} <= {RECORD, "order.jsonl"}
    assert any(said in one.words for one in found)


def test_windows_in_another_order_are_told(with_provenance):
    begun, first, second, *rest = (with_provenance / JOURNAL).read_bytes().splitlines(keepends=True)
    (with_provenance / JOURNAL).write_bytes(b"".join([begun, second, first, *rest]))
    record = read_record(with_provenance)
    RunFolder(with_provenance, record, resumed=True).finish(record.order)
    assert words(with_provenance) == [("consistent", JOURNAL)]


def test_blocks_of_another_seed_are_told(with_provenance):
    (with_provenance / "order.jsonl").write_bytes(b'{"seed":1}\nnothing\n')
    found = [one for one in verified(with_provenance) if one.check != "untouched"]
    assert [(one.check, one.words) for one in found] == [
        ("consistent", "line 1 is drawn from the seed 1, and the run's is 0"),
        ("complete", "line 2 cannot be read"),
    ]


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="allowed: the folder of a run"):
        verified(tmp_path)


def _faster(measurement):
    return dataclasses.replace(measurement, latency_ms=measurement.latency_ms * 0.9)


def _finish_again(folder: Path) -> None:
    RunFolder(folder, read_record(folder), resumed=True).finish()


def test_what_cannot_be_read_is_not_said_to_be_consistent(with_provenance):
    path = with_provenance / "front.json"
    path.write_bytes(path.read_bytes()[:40])
    found = [one for one in verified(with_provenance) if one.file == "front.json"]
    told = {(one.check, one.is_serious) for one in found}
    assert {("complete", True), ("consistent", False)} <= told
    assert any("was not compared" in one.words for one in found)
