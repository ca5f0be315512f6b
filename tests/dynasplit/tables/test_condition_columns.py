"""Conditions in tables: written, read back, absent where they are not known."""

import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.run.journal import Journal
from dynasplit.tables import RunsTable, read_requests, read_runs, write_requests, write_runs

SEEN = {"edge_temperature_c": 55.5, "link_foreign": 3.0}
LESS = {"edge_temperature_c": 55.5}
RUNS = [
    Measurement(configuration=Configuration.of(1, cpu_mhz=600), latency_ms=10.0, conditions=SEEN),
    Measurement(
        configuration=Configuration.of(1, cpu_mhz=600),
        repeat=1,
        latency_ms=11.0,
        conditions=LESS,
    ),
    Measurement(configuration=Configuration.of(2, cpu_mhz=600), latency_ms=12.0),
]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_runs_keep_them(tmp_path, suffix):
    path = tmp_path / f"runs.{suffix}"
    write_runs(path, RUNS, model="m", last_split_point=2)
    assert [m.conditions for m in read_runs(path).measurements] == [SEEN, LESS, {}]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_requests_keep_them(tmp_path, suffix):
    rows = [
        ServedRequest(request=i, network="m", policy="p", threshold_ms=50.0, measurement=run)
        for i, run in enumerate(RUNS)
    ]
    path = tmp_path / f"requests.{suffix}"
    write_requests(path, rows, model="m", last_split_point=2)
    found = [row.measurement.conditions for row in read_requests(path).rows]
    assert found == [SEEN, LESS, {}]


def test_a_condition_that_is_no_number_is_refused(tmp_path):
    (tmp_path / "runs.csv").write_text("split_point,latency_ms,condition_edge_x\n1,5,warm\n")
    with pytest.raises(DataError, match="condition_edge_x: found 'warm'; allowed: a number"):
        read_runs(tmp_path / "runs.csv")


def test_a_journal_keeps_them_and_one_of_before_has_none(tmp_path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.append(RUNS[0])
    line = (tmp_path / "journal.jsonl").read_text()
    before = line.replace(',"conditions":{"edge_temperature_c":55.5,"link_foreign":3.0}', "")
    assert before != line
    before = before.replace('"repeat":0', '"repeat":1')
    (tmp_path / "journal.jsonl").write_text(line + before)
    with Journal(tmp_path / "journal.jsonl") as journal:
        assert [m.conditions for m in journal.measurements()] == [SEEN, {}]


@pytest.mark.parametrize(
    ("values", "median"),
    [([1, 2, 3, None], 2), ([1, 2, 3, 4, None, None], 2.5), ([1, 2, None], 1.5)],
)
def test_the_median_is_of_the_values_that_are_there(values, median):
    runs = [
        Measurement(
            configuration=Configuration.of(1, cpu_mhz=600),
            repeat=i,
            latency_ms=10.0,
            conditions={} if value is None else {"edge_x": value},
            edge_ms=value,
        )
        for i, value in enumerate(values)
    ]
    (found,) = RunsTable.of(runs, model="m", last_split_point=2).medians()
    assert found.conditions == {"edge_x": median}
    assert found.edge_ms == median
