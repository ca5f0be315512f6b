"""Results written by earlier versions are read, and serve as they did.

tests/older/ holds the results of a quick_testbed run, as version 0.1 wrote them before energy was
kept by channel and conditions were observed.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.journal import Journal
from dynasplit.run.run_record import RunRecord
from dynasplit.tables import read_requests, read_runs, write_runs

OLDER = Path(__file__).resolve().parents[2] / "older" / "quick_testbed"


def test_an_older_table_of_runs_is_read_and_written_anew(tmp_path):
    runs = read_runs(OLDER / "runs.parquet")
    assert (len(runs), runs.model, runs.last_split_point) == (88, "digits_cnn", 7)
    first = runs.measurements[0]
    assert (first.latency_ms, first.energy_j) == (21.06793, 4.9017238326316726)
    assert dict(first.configuration.knobs) == {
        "cpu_mhz": 1800,
        "edge_accelerator": "off",
        "cloud_gpu": True,
    }
    anew = tmp_path / "runs.parquet"
    write_runs(anew, runs.measurements, model=runs.model, last_split_point=7)
    assert read_runs(anew).measurements == runs.measurements


def test_an_older_table_of_requests_is_read():
    requests = read_requests(OLDER / "requests.parquet")
    assert requests.model == "digits_cnn"
    assert len(requests.rows) == 100


def test_an_older_front_makes_the_same_choices():
    front = ParetoFront.load(OLDER / "front.json", model="digits_cnn", last_split_point=7)
    summary = json.loads((OLDER / "summary.json").read_text())
    assert len(front.summaries) == summary["search"]["front_size"]
    assert front == ParetoFront.of_runs(read_runs(OLDER / "runs.parquet"))


def test_an_older_journal_is_continued(tmp_path):
    path = tmp_path / "journal.jsonl"
    shutil.copy(OLDER / "journal.jsonl", path)
    with Journal(path) as journal:
        assert (len(journal.measurements()), len(journal.served())) == (20, 5)
        journal.append(replace(journal.measurements()[0], repeat=9))
    with Journal(path) as journal:
        assert len(journal.measurements()) == 21


def test_an_older_run_record_is_read():
    import msgspec

    record = msgspec.json.decode((OLDER / "run.json").read_bytes(), type=RunRecord)
    assert record.state == "finished"
    assert record.configuration["hosts"]["kind"] == "emulated"
