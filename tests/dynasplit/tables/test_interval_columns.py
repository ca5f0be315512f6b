"""Tables have the bounds of energies and what these are made of; the parts come back."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dynasplit.accounting import build
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.run.journal import Journal
from dynasplit.tables.accounted import under
from dynasplit.tables.io_runs import read_runs, write_runs
from dynasplit.uncertainty.measurements import interval

ONE = Measurement(
    configuration=Configuration.of(1),
    latency_ms=100.0,
    energy_j=2.0,
    edge_energy_j=2.0,
    cloud_energy_j=0.0,
    edge_idle_w=5.0,
    uncertainty={"edge_reading_pct": 1.0, "edge_normal_j": 0.01},
)


def test_what_is_written_is_read_and_gives_the_interval_of_each_accounting(tmp_path: Path):
    path = tmp_path / "runs.parquet"
    write_runs(path, [ONE], model="net", last_split_point=3)
    written = pq.read_table(path).to_pylist()[0]
    assert (written["energy_low_j"], written["energy_high_j"]) == pytest.approx(interval(ONE))
    runs = read_runs(path)
    assert runs.measurement(0).uncertainty == ONE.uncertainty
    spans = [interval(under(runs, build(name)).measurement(0)) for name in ("occupied", "active")]
    assert spans[0] == pytest.approx(interval(ONE))
    assert spans[1] is not None
    assert spans[1][1] < 2.0  # of 1.5 J
    again = tmp_path / "again.parquet"
    write_runs(again, runs.measurements, model="net", last_split_point=3)
    assert pq.read_table(again).to_pylist()[0]["energy_low_j"] == written["energy_low_j"]


def test_a_table_of_unknown_uncertainty_has_no_bounds(tmp_path: Path):
    path = tmp_path / "runs.parquet"
    plain = Measurement(configuration=Configuration.of(1), latency_ms=1.0, energy_j=1.0)
    write_runs(path, [plain], model="net", last_split_point=3)
    assert not [c for c in pq.read_table(path).column_names if "energy_low" in c]


def test_a_journal_keeps_it_and_one_from_before_is_read(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(ONE)
    with Journal(path) as journal:
        assert journal.measurements() == [ONE]
    told = path.read_text()
    start = told.index(',"uncertainty":')
    path.write_text(told[:start] + told[told.index("}", start) + 1 :])
    with Journal(path) as journal:
        (before,) = journal.measurements()
    assert before.uncertainty == {}
    assert before.energy_j == ONE.energy_j
