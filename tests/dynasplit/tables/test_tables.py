"""Runs tables: what is written is read back, and what is wrong is named."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynasplit.core.errors import DataError, ResultsError
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.space import Configuration
from dynasplit.tables import RUNS, RunsTable, read_runs, write_runs

REFERENCE_HEADER = (
    "accuracy,latency,energy,avg energy edge (J),avg latency edge (ms),avg latency cloud (ms),"
    "avg latency transfer (ms),avg energy cloud (J),avg energy cloud gpu (J),"
    "utilization cloud cpu (%),utilization cloud gpu (%),utilization edge cpu (%),"
    "tensor size (KB),cpu-freq,layer,edge-accelerator,server-accelerator"
)
REFERENCE_ROWS = (
    "0.603,428.2,2.236,2.236,428.2,0.0,0.0,0.0,0.0,0.0,0.0,15.6,0.0,1200.0,22.0,max,False",
    "0.603,427.9,2.240,2.240,427.9,0.0,0.0,0.0,0.0,0.0,0.0,15.6,0.0,1200,22,max,False",
    "0.605,95.2,68.1,0.30,8.9,75.6,10.7,67.8,4.7,1.5,2.0,20.0,588.0,1800.0,0,off,True",
)


def reference_file(folder: Path, *rows: str, without_accuracy: bool = False) -> Path:
    lines = [REFERENCE_HEADER, *(rows or REFERENCE_ROWS)]
    if without_accuracy:
        lines = [line.split(",", 1)[1] for line in lines]
    path = folder / "reference.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_what_is_written_is_read_back(
    tmp_path: Path, vgg16_runs: list[Measurement], name: str
) -> None:
    odd = dataclasses.replace(vgg16_runs[3], repeat=1, flags=("frequency", "transfer"))
    runs = [*vgg16_runs, odd]
    write_runs(tmp_path / name, runs, model="vgg16", last_split_point=22)
    table = read_runs(tmp_path / name)
    assert table.measurements == runs
    assert (table.model, table.last_split_point, table.source) == ("vgg16", 22, "modelled")
    assert table.summaries() == summarise(runs)
    assert table.notes == ()


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_a_foreign_testbed_needs_no_accelerator_accuracy_or_energy(
    tmp_path: Path, foreign_runs: list[Measurement], name: str
) -> None:
    write_runs(tmp_path / name, foreign_runs, model="unheard_of", last_split_point=5)
    table = read_runs(tmp_path / name)
    assert table.measurements == foreign_runs
    assert table.space.cloud_only == Configuration.of(0, cpu_mhz=2400)
    assert table.space.edge_only == Configuration.of(5, cpu_mhz=2400)
    assert (table.quality, table.has("energy_j")) == (None, False)


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_channels_have_columns_of_their_own_and_are_empty_where_they_were_not_measured(
    tmp_path: Path, foreign_runs: list[Measurement], name: str
) -> None:
    given = [
        {"edge_wall_j": 2.5, "edge_wall_idle_w": 3.0},
        {"edge_wall_j": 3.5, "edge_package_0_j": 0.0},
        {},
    ]
    runs = [
        dataclasses.replace(run, channels=channels)
        for run, channels in zip(foreign_runs, given, strict=False)
    ]
    write_runs(tmp_path / name, runs, model=None, last_split_point=5)
    table = read_runs(tmp_path / name)
    assert table.measurements == runs
    assert [m.channels for m in table.medians()] == given
    assert np.isnan(table.columns["channel_edge_package_0_j"]).tolist() == [True, False, True]
    if name.endswith("parquet"):
        schema = pq.read_schema(tmp_path / name)
        assert schema.field("channel_edge_wall_j").metadata[b"unit"] == b"J"
        assert schema.field("channel_edge_wall_idle_w").metadata[b"unit"] == b"W"


def test_a_channel_s_figure_out_of_range_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("split_point,latency_ms,channel_edge_wall_j\n0,5,1\n1,5,-1\n")
    with pytest.raises(DataError, match=r"row 1, column channel_edge_wall_j: found -1; allowed: a"):
        read_runs(path)


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_knobs_that_the_project_does_not_know(tmp_path: Path, name: str) -> None:
    runs = [
        Measurement(configuration=Configuration.of(k, gpu_mhz=mhz, fan=fan, dvfs=on), latency_ms=9)
        for k, mhz, fan, on in [(0, 300, "low", True), (1, 900, "high", False)]
    ]
    write_runs(tmp_path / name, runs, model=None, last_split_point=1)
    assert read_runs(tmp_path / name).measurements == runs


def test_the_reference_layout(tmp_path: Path) -> None:
    table = read_runs(reference_file(tmp_path))
    edge, cloud = table.configurations
    assert edge == Configuration.of(22, cpu_mhz=1200, edge_accelerator="max", cloud_gpu=False)
    assert cloud == Configuration.of(0, cpu_mhz=1800, edge_accelerator="off", cloud_gpu=True)
    assert table.counts.tolist() == [2, 1]
    assert [m.repeat for m in table.measurements] == [0, 1, 0]
    last = table.measurements[2]
    assert (last.latency_ms, last.energy_j, last.accuracy) == (95.2, 68.1, 0.605)
    assert (last.edge_ms, last.transfer_ms, last.cloud_ms) == (8.9, 10.7, 75.6)
    assert (last.edge_energy_j, last.cloud_energy_j, last.tensor_kb) == (0.30, 67.8, 588.0)
    assert table.last_split_point == 22
    assert "22" in table.notes[0]


def test_the_reference_layout_without_accuracy(tmp_path: Path) -> None:
    table = read_runs(reference_file(tmp_path, without_accuracy=True))
    assert table.quality is None
    assert table.measurements[0].accuracy is None


def test_a_table_without_edge_only_says_what_it_assumes(tmp_path: Path) -> None:
    table = read_runs(reference_file(tmp_path, REFERENCE_ROWS[2]))
    assert table.last_split_point == 1
    assert "still computes" in table.notes[0]
    assert table.space.edge_only is None
    assert read_runs(table.path or "", last_split_point=22).last_split_point == 22


@pytest.mark.parametrize(
    ("row", "column", "value", "found"),
    [
        (1, "latency", "-3", "-3"),
        (2, "latency", "inf", "inf"),
        (0, "latency", "", "no value"),
        (0, "latency", "NaN", "no value"),
        (1, "latency", "fast", "'fast'"),
        (1, "energy", "-1.5", "-1.5"),
        (1, "energy", "0", "0"),
        (2, "energy", "", "no value"),
        (2, "accuracy", "60.5", "60.5"),
        (2, "cpu-freq", "1800000", "1.8e+06"),
        (2, "cpu-freq", "1.8", "1.8"),
        (2, "layer", "3.5", "3.5"),
        (2, "layer", "-1", "-1"),
        (1, "server-accelerator", "Tru", "'Tru'"),
        (1, "edge-accelerator", "", "no value"),
        (1, "tensor size (KB)", "-4", "-4"),
    ],
)
def test_what_is_wrong_is_named_by_file_row_and_column(
    tmp_path: Path, row: int, column: str, value: str, found: str
) -> None:
    rows = [line.split(",") for line in REFERENCE_ROWS]
    rows[row][REFERENCE_HEADER.split(",").index(column)] = value
    path = reference_file(tmp_path, *(",".join(r) for r in rows))
    with pytest.raises(DataError) as error:
        read_runs(path)
    text = str(error.value)
    assert str(path) in text
    assert f"row {row}," in text
    assert f"found {found};" in text
    assert "allowed:" in text


def test_mixed_units_are_found(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    for name, factor in [("latency_ms", 1e-3), ("energy_j", 1e3), ("edge_ms", 1e-3)]:
        value = getattr(vgg16_runs[500], name) * factor
        runs = list(vgg16_runs)
        runs[500] = dataclasses.replace(runs[500], **{name: value})
        write_runs(tmp_path / "x.csv", runs, model="vgg16", last_split_point=22)
        with pytest.raises(DataError, match=r"row 500, column \w+: found"):
            read_runs(tmp_path / "x.csv")


def test_a_column_in_another_unit_is_unknown(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    path = tmp_path / "runs.csv"
    write_runs(path, vgg16_runs, model="vgg16", last_split_point=22)
    path.write_text(path.read_text().replace("latency_ms", "latency_s", 1))
    with pytest.raises(DataError, match=r"unknown column 'latency_s'.*did you mean latency_ms"):
        read_runs(path)


def test_a_unit_stated_otherwise_is_refused(tmp_path: Path) -> None:
    field = pa.field("latency_ms", pa.float64(), metadata={"unit": "s"})
    points = pa.field("split_point", pa.int64())
    last = pa.field("last_split_point", pa.int64())
    table = pa.table([[1.0], [0], [3]], schema=pa.schema([field, points, last]))
    pq.write_table(table, tmp_path / "runs.parquet")
    with pytest.raises(DataError, match="latency_ms: found unit s; allowed: ms"):
        read_runs(tmp_path / "runs.parquet")


def test_files_that_are_no_tables(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    whole = tmp_path / "runs.parquet"
    write_runs(whole, vgg16_runs, model="vgg16", last_split_point=22)
    torn, empty, header = (tmp_path / n for n in ("torn.parquet", "empty.csv", "header.csv"))
    torn.write_bytes(whole.read_bytes()[:-500])
    empty.write_text("")
    header.write_text(REFERENCE_HEADER + "\n")
    short = reference_file(tmp_path, *REFERENCE_ROWS[:2], REFERENCE_ROWS[2][:30])
    for path, words in [
        (torn, "truncated"),
        (empty, "empty"),
        (header, "no rows"),
        (short, "truncated"),
        (tmp_path / "none.csv", "no such file"),
    ]:
        with pytest.raises(DataError, match=words) as error:
            read_runs(path)
        assert str(path) in str(error.value)


def test_identity_is_checked(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    path = tmp_path / "runs.parquet"
    write_runs(path, vgg16_runs, model="vgg16", last_split_point=22)
    with pytest.raises(DataError, match="vit"):
        read_runs(path, model="vit")
    with pytest.raises(DataError, match="asked for: 19"):
        read_runs(path, last_split_point=19)
    other = pq.read_table(path)
    changed = other.set_column(0, "model", [["vgg16"] * (len(other) - 1) + ["vit"]])
    pq.write_table(changed.replace_schema_metadata(other.schema.metadata), path)
    with pytest.raises(DataError, match="row 916, column model: found vit"):
        read_runs(path)


def test_split_points_beyond_the_last_are_refused(
    tmp_path: Path, vgg16_runs: list[Measurement]
) -> None:
    write_runs(tmp_path / "runs.csv", vgg16_runs, model="vgg16", last_split_point=20)
    with pytest.raises(DataError, match="column split_point: found 21; allowed: 0 to 20"):
        read_runs(tmp_path / "runs.csv")


def test_repeated_repeat_numbers_are_renumbered_and_told(
    tmp_path: Path, vgg16_runs: list[Measurement]
) -> None:
    twice = [*vgg16_runs, *vgg16_runs[:7]]
    write_runs(tmp_path / "runs.csv", twice, model="vgg16", last_split_point=22)
    table = read_runs(tmp_path / "runs.csv")
    assert table.notes == ("7 rows repeat a configuration's repeat number: renumbered",)
    assert [m.repeat for m in table.measurements[-7:]] == [1] * 7


def test_a_file_that_cannot_be_written(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    with pytest.raises(ResultsError, match="cannot be written"):
        write_runs(tmp_path / "no" / "runs.csv", vgg16_runs, model=None, last_split_point=22)


def test_quantiles_equal_numpy(vgg16_runs: list[Measurement]) -> None:
    random = np.random.default_rng(0)
    runs = [
        dataclasses.replace(vgg16_runs[i], latency_ms=float(x))
        for i, x in zip(random.integers(0, 9, 60), random.uniform(1, 2, 60), strict=True)
    ]
    table = RunsTable.of(runs, model="vgg16", last_split_point=22)
    for share in (0.0, 0.25, 0.5, 0.9, 1.0):
        expected = [
            np.quantile([m.latency_ms for m in runs if m.configuration == c], share)
            for c in table.configurations
        ]
        np.testing.assert_allclose(table.quantiles("latency_ms", share), expected, rtol=1e-12)


def test_every_number_of_a_column_has_its_unit_in_its_name() -> None:
    suffixes = {
        "ms": "_ms",
        "J": "_j",
        "W": "_w",
        "s": "_s",
        "KB": "_kb",
        "MHz": "_mhz",
        "1/s": "_rps",
        "Mbit/s": "_mbit_s",
        "%": "_pct",
    }
    for column in RUNS:
        if column.unit:
            assert column.name.endswith(suffixes[column.unit])
        assert column.meaning
