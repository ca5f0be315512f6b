"""Requests tables and workload files."""

from pathlib import Path

import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.online.workload import read_workload
from dynasplit.tables import read_requests, write_requests


def served(runs: list[Measurement]) -> list[ServedRequest]:
    return [
        ServedRequest(
            request=i, network="vgg16", policy=p, threshold_ms=400.0 + i, measurement=runs[i]
        )
        for p in ("dynasplit", "fastest")
        for i in range(30)
    ]


@pytest.mark.parametrize("name", ["requests.parquet", "requests.csv"])
def test_what_is_written_is_read_back(
    tmp_path: Path, vgg16_runs: list[Measurement], name: str
) -> None:
    rows = served(vgg16_runs)
    write_requests(tmp_path / name, rows, model="vgg16", last_split_point=22)
    table = read_requests(tmp_path / name)
    assert [(r.request, r.policy, r.threshold_ms, r.met) for r in table.rows] == [
        (r.request, r.policy, r.threshold_ms, r.met) for r in rows
    ]
    for found, expected in zip(table.rows, rows, strict=True):
        assert found.measurement.configuration == expected.measurement.configuration
        assert found.measurement.energy_j == expected.measurement.energy_j
    assert (table.model, table.last_split_point) == ("vgg16", 22)


def test_a_request_served_twice_by_a_policy_is_refused(
    tmp_path: Path, vgg16_runs: list[Measurement]
) -> None:
    rows = served(vgg16_runs)
    write_requests(tmp_path / "r.csv", [*rows, rows[4]], model=None, last_split_point=22)
    with pytest.raises(DataError, match="row 60, column request: found request 4 of policy"):
        read_requests(tmp_path / "r.csv")


def test_a_wrong_met_is_refused(tmp_path: Path, vgg16_runs: list[Measurement]) -> None:
    path = tmp_path / "r.csv"
    write_requests(path, served(vgg16_runs)[:1], model=None, last_split_point=22)
    path.write_text(path.read_text().replace("true", "false"))
    with pytest.raises(DataError, match="row 0, column met: found False"):
        read_requests(path)


def workload_file(folder: Path, *rows: str) -> Path:
    path = folder / "workload.csv"
    path.write_text("\n".join(["Index,Network,Latency", *rows]) + "\n")
    return path


def test_a_workload_is_read_and_selected(tmp_path: Path) -> None:
    path = workload_file(tmp_path, "0,vgg16,98.9", "0,vit,300", "1,vgg16,1448.5")
    found = read_workload(path, "vgg16").requests()
    assert [(r.index, r.network, r.threshold_ms) for r in found] == [
        (0, "vgg16", 98.9),
        (1, "vgg16", 1448.5),
    ]
    with pytest.raises(DataError, match=r"workload\.network"):
        read_workload(path)
    with pytest.raises(DataError, match="no request of 'resnet50'"):
        read_workload(path, "resnet50")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("0,vgg16,7", "row 2, column Index: found 0 again, first in row 0"),
        ("2,vgg16,0", "row 2, column Latency: found 0;"),
        ("2,vgg16,-5", "row 2, column Latency: found -5;"),
        ("2,vgg16,inf", "row 2, column Latency: found inf;"),
        ("2,vgg16,nan", "row 2, column Latency: found no value;"),
        ("2,vgg16,soon", "row 2, column Latency: found 'soon';"),
        ("2.5,vgg16,9", r"row 2, column Index: found 2\.5;"),
        ("2,,9", "row 2, column Network: found no value;"),
        ("2,vgg16", "truncated"),
    ],
)
def test_what_is_wrong_in_a_workload_is_named(tmp_path: Path, row: str, words: str) -> None:
    path = workload_file(tmp_path, "0,vgg16,98.9", "1,vgg16,1448.5", row)
    with pytest.raises(DataError, match=words) as error:
        read_workload(path)
    assert str(path) in str(error.value)
