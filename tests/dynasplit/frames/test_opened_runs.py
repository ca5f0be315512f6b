"""A run's tables as DataFrames: finished or not, older ones, many together."""

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dynasplit
from dynasplit.core.errors import DataError, ResultsError
from dynasplit.run.journal import Journal
from dynasplit.run.records import JOURNAL, Begun
from dynasplit.tables import read_requests, read_runs, write_requests

OLDER = Path(__file__).resolve().parents[2] / "older" / "quick_testbed"
LEFT_BY_A_KILL = ("run.json", "journal.jsonl")


def copied(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in names:
        shutil.copy(OLDER / name, folder)
    return folder


def test_importing_the_package_loads_nothing_heavy():
    told = "import sys, dynasplit; print(sorted({'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_finished_run_of_an_older_version():
    run = dynasplit.open_run(OLDER)
    assert run.is_finished
    assert run.runs.shape == (88, 34)
    assert len(run.requests) == 100
    assert run.front["latency_ms"].is_monotonic_increasing
    assert run.front["configuration"][0] == "split 0 · 1800 MHz · no TPU · GPU"
    told = json.loads((OLDER / "summary.json").read_text())
    policies = run.summary.set_index("policy")
    assert list(policies.index) == list(told["policies"])
    assert (
        policies["energy_j_mean"]["dynasplit"] == told["policies"]["dynasplit"]["energy_j"]["mean"]
    )


def test_types_are_kept_and_what_is_absent_is_na():
    import pandas as pd

    requests = dynasplit.open_run(OLDER).requests
    assert requests["request"].dtype == pd.Int64Dtype()
    assert requests["met"].dtype == pd.BooleanDtype()
    assert requests["latency_ms"].dtype == pd.Float64Dtype()
    met = requests[requests["met"]]
    assert met["exceedance_ms"].isna().all()
    assert met["exceedance_ms"].iloc[0] is pd.NA


def test_an_unfinished_run_has_what_a_finished_one_would_have_written(tmp_path):
    import pandas as pd

    folder = copied(tmp_path, "run.json")
    with Journal(folder / JOURNAL, "6480d642") as journal:
        journal.begin(Begun("6480d642", "quick_testbed", "digits_cnn", 7))
        for measurement in read_runs(OLDER / "runs.parquet").measurements:
            journal.append(measurement)
        for row in reversed(read_requests(OLDER / "requests.parquet").rows):
            journal.append_served(row)
        journal.append_served(row, "of another start")
    whole, left = dynasplit.open_run(OLDER), dynasplit.open_run(folder)
    for name in ("runs", "requests", "front"):
        found, expected = getattr(left, name), getattr(whole, name)
        expected = expected.drop(columns="infeasible", errors="ignore")  # it meant another thing
        pd.testing.assert_frame_equal(found[list(expected)], expected, check_exact=True)
    assert list(left.summary["policy"]) == list(whole.summary["policy"])
    assert left.summary["met_pct"].equals(whole.summary["met_pct"])


def test_a_run_that_has_measured_nothing_has_empty_tables(tmp_path):
    folder = copied(tmp_path, "run.json")
    lines = (OLDER / "journal.jsonl").read_text().splitlines(keepends=True)
    (folder / "journal.jsonl").write_text(lines[0])
    run = dynasplit.open_run(folder)
    assert [len(t) for t in (run.runs, run.requests, run.front, run.summary)] == [1, 0, 1, 0]
    (folder / "journal.jsonl").unlink()
    run = dynasplit.open_run(folder)
    assert [len(t) for t in (run.runs, run.requests, run.front, run.summary)] == [0] * 4
    assert "latency_ms" in run.runs
    assert "policy" in run.requests


def test_a_run_whose_record_is_lost_is_told_from_its_journal(tmp_path):
    folder = copied(tmp_path, "journal.jsonl", "summary.json")
    (folder / "run.json").write_text("{")
    lines = (folder / "journal.jsonl").read_text()
    begun = (
        '{"kind":"begun","identity":"ab","experiment":"e","network":"digits_cnn",'
        '"last_split_point":7}\n'
    )
    (folder / "journal.jsonl").write_text(begun + lines)
    run = dynasplit.open_run(folder)
    assert run.is_finished
    assert run.configuration == {}
    assert len(run.runs) == 20


def test_traces_are_found_by_what_was_measured():
    run = dynasplit.open_run(OLDER)
    trace = run.traces(split_point=0, cpu_mhz=1000, cloud_gpu=False)
    assert set(trace["host"]) == {"edge", "cloud"}
    assert (trace["repeat"] == 0).all()
    assert trace["policy"].isna().all()
    assert trace["power_w"].notna().all()


@pytest.mark.parametrize(
    ("selected", "words"),
    [
        ({"split_point": 3}, "no window with {'split_point': 3}; there are, say, split_point=0"),
        ({"split": 3}, "traces cannot be selected by split; allowed: split_point, cpu_mhz"),
    ],
)
def test_traces_that_are_not_there_are_told(selected, words):
    with pytest.raises(DataError) as error:
        dynasplit.open_run(OLDER).traces(**selected)
    assert words in str(error.value)


def test_a_run_without_traces_says_so(tmp_path):
    with pytest.raises(DataError, match="modelled and recorded ones have none"):
        dynasplit.open_run(copied(tmp_path, *LEFT_BY_A_KILL)).traces()


@pytest.mark.parametrize("name", ["absent", "", "a?b#c"])
def test_what_is_no_run_is_refused(tmp_path, name):
    (tmp_path / "a?b#c").mkdir()
    with pytest.raises(ResultsError, match="allowed: the folder of a run"):
        dynasplit.open_run(tmp_path / name)


def test_a_path_with_signs_that_mean_something_elsewhere_is_opened(tmp_path):
    folder = tmp_path / "a?b#c%20[1]"
    shutil.copytree(OLDER, folder)
    assert len(dynasplit.open_run(folder).runs) == 88


@pytest.mark.parametrize("name", ["runs.parquet", "requests.parquet", "front.json", "summary.json"])
def test_a_damaged_file_is_named(tmp_path, name):
    folder = tmp_path / "run"
    shutil.copytree(OLDER, folder)
    (folder / name).write_bytes(b"PAR1 not a table")
    run = dynasplit.open_run(folder)
    with pytest.raises(DataError, match=name):
        _ = run.runs, run.requests, run.front, run.summary


def test_a_table_of_a_version_to_come_is_refused(tmp_path):
    import pyarrow.parquet as pq

    folder = tmp_path / "run"
    shutil.copytree(OLDER, folder)
    table = pq.read_table(folder / "runs.parquet")
    facts = {**table.schema.metadata, b"dynasplit.version": b"9"}
    pq.write_table(table.replace_schema_metadata(facts), folder / "runs.parquet")
    with pytest.raises(DataError, match="version is '9'; allowed: '1'"):
        _ = dynasplit.open_run(folder).runs


def test_many_runs_stand_under_one_another_with_what_was_swept(tmp_path):
    for seed, search in ((0, "tpe"), (1, "random")):
        folder = tmp_path / f"{seed}"
        shutil.copytree(OLDER, folder)
        record = json.loads((folder / "run.json").read_text())
        record["configuration"]["seed"] = seed
        record["configuration"]["search"]["algorithm"] = search
        if seed:
            record["configuration"]["measure"]["cool_down_limit_s"] = 7.0
        (folder / "run.json").write_text(json.dumps(record))
    (tmp_path / "no_run").mkdir()
    runs = dynasplit.open_runs(tmp_path / "*")
    assert len(runs) == 2
    assert list(runs.swept) == ["folder", "seed", "search.algorithm", "measure.cool_down_limit_s"]
    assert list(runs.swept["search.algorithm"]) == ["tpe", "random"]
    assert (
        runs.swept["measure.cool_down_limit_s"].notna().all()
    )  # it came later: its default is told
    assert list(runs.runs["seed"].value_counts()) == [88, 88]
    assert len(runs.requests) == 200
    assert len(runs.summary) == 10
    assert list(runs.overview["state"]) == ["finished"] * 2
    with pytest.raises(ResultsError, match="0 files and folders fit"):
        dynasplit.open_runs(tmp_path / "absent" / "*")


@pytest.mark.medium
def test_ten_thousand_requests_of_five_policies_and_a_hundred_folders_open_fast(tmp_path):
    rows = read_requests(OLDER / "requests.parquet").rows
    many = [dataclasses.replace(r, request=r.request + 20 * k) for k in range(500) for r in rows]
    folder = tmp_path / "large"
    shutil.copytree(OLDER, folder)
    write_requests(folder / "requests.parquet", many, model="digits_cnn", last_split_point=7)
    _ = dynasplit.open_run(OLDER).summary  # libraries are loaded
    assert seconds_of(folder) < 0.3
    for number in range(100):
        shutil.copytree(OLDER, tmp_path / "many" / str(number))
    began = time.perf_counter()
    runs = dynasplit.open_runs(tmp_path / "many" / "*")
    assert len(runs.runs) + len(runs.requests) + len(runs.front) + len(runs.summary) == 20000
    assert time.perf_counter() - began < 5


def seconds_of(folder: Path) -> float:
    """The least of three: other work on the machine is none of it."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        run = dynasplit.open_run(folder)
        assert len(run.requests) == 50_000
        _ = run.runs, run.front, run.summary
        taken.append(time.perf_counter() - began)
    return min(taken)


def test_figures_are_refused_in_words(tmp_path):
    with pytest.raises(DataError, match=r"needs controls\.jsonl, which .* does not have; allowed"):
        dynasplit.draw_figures(OLDER, tmp_path / "paper", only=["drift"])
    with pytest.raises(DataError, match="there is no figure 'pie'; allowed of"):
        dynasplit.draw_figures(OLDER, tmp_path / "paper", only=["pie"])
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be made"):
        dynasplit.draw_figures(OLDER, tmp_path / "file" / "paper", only=["met"])
