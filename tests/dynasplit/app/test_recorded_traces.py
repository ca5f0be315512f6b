"""A run's traces for MLflow: a table a phase, and the windows that matter as pictures."""

import dataclasses
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynasplit.app.report.recorded_traces import write_traces
from dynasplit.app.report.tracking import validity
from dynasplit.figures.series import Origin
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_runs, write_runs

OLDER = Path(__file__).resolve().parents[2] / "older" / "quick_testbed"
ORIGIN = Origin("digits_cnn", "emulated")


def trace(folder: Path, name: str) -> None:
    told = {"host": ["edge", "edge"], "channel": ["wall"] * 2, "time_s": [0.0, 0.1]}
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(told | {"power_w": [2.0, 3.0]}), folder / f"{name}.parquet")


@pytest.mark.medium
def test_phases_have_their_tables_and_windows_that_matter_are_drawn(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(OLDER, run, ignore=shutil.ignore_patterns("traces"))
    table = read_runs(OLDER / "runs.parquet")
    member = ParetoFront.load(OLDER / "front.json").summaries[0].configuration
    doubted = next(m for m in table.measurements if m.configuration != member)
    rows = [
        dataclasses.replace(m, flags=("steady",)) if m is doubted else m for m in table.measurements
    ]
    write_runs(
        run / "runs.parquet", rows, model="digits_cnn", last_split_point=table.last_split_point
    )

    def named(configuration) -> str:
        return "_".join(f"{k}={v}" for k, v in configuration.as_dict().items() if v is not None)

    trace(run / "traces", f"{named(member)}_0")
    trace(run / "traces", f"{named(doubted.configuration)}_{doubted.repeat}")
    trace(run / "traces", f"{named(member)}_0_dynasplit_3")
    place = tmp_path / "place"
    place.mkdir()
    written = {path.name for path in write_traces(run, place, ORIGIN)}
    assert written == {
        "traces_offline.parquet",
        "traces_online.parquet",
        "windows_front.png",
        "windows_doubtful.png",
    }
    assert pq.read_table(place / "traces_online.parquet")["request"].to_pylist() == [3, 3]
    assert pq.read_table(place / "traces_offline.parquet").num_rows == 4


@pytest.mark.medium
def test_traces_of_an_older_run_are_drawn_too(tmp_path):
    written = {path.name for path in write_traces(OLDER, tmp_path, ORIGIN)}
    assert "traces_offline.parquet" in written


def test_a_run_without_traces_has_none(tmp_path):
    assert write_traces(tmp_path, tmp_path, ORIGIN) == []


def test_validity_is_said_in_a_few_words():
    block = {"measurements": 0, "of": 93, "by_flag": {}}
    assert validity(block) == "none of 93 measurements doubtful"
    block |= {"measurements": 3, "by_flag": {"steady": 2, "late": 1}}
    assert validity(block) == "3 of 93 measurements doubtful: steady 2, late 1"
