"""Top-5 accuracy and the outputs' difference on their way through tables, summary and replay."""

import dataclasses
from pathlib import Path

import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.policy_figures import summarise_requests
from dynasplit.tables import read_requests, read_runs, write_requests, write_runs


def run_at(split_point: int, top5: float | None, mae: float | None) -> Measurement:
    return Measurement(
        configuration=Configuration.of(split_point, cpu_mhz=600),
        latency_ms=10.0 + split_point,
        energy_j=5.0 - split_point,
        accuracy=0.5,
        fidelity=0.75,
        accuracy_top5=top5,
        output_mae=mae,
    )


RUNS = [run_at(0, 0.75, 0.0), run_at(1, None, None), run_at(2, 1.0, 0.25)]


def served(run: Measurement, request: int) -> ServedRequest:
    return ServedRequest(
        request=request, network="m", policy="fastest", threshold_ms=99.0, measurement=run
    )


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_they_are_written_and_read_where_they_are_known(tmp_path: Path, name: str) -> None:
    write_runs(tmp_path / name, RUNS, model="m", last_split_point=2)
    table = read_runs(tmp_path / name)
    assert table.measurements == RUNS
    assert [m.accuracy_top5 for m in table.medians()] == [0.75, None, 1.0]


@pytest.mark.parametrize("name", ["requests.parquet", "requests.csv"])
def test_requests_keep_them(tmp_path: Path, name: str) -> None:
    rows = [served(run, number) for number, run in enumerate(RUNS)]
    write_requests(tmp_path / name, rows, model="m", last_split_point=2)
    assert read_requests(tmp_path / name).rows == rows


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"accuracy_top5": 1.5}, "row 1, column accuracy_top5: found 1.5; allowed: .* 0 to 1"),
        ({"output_mae": -0.5}, "row 1, column output_mae: found -0.5; allowed: .* 0 to"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, float], said: str) -> None:
    path = tmp_path / "runs.csv"
    odd = dataclasses.replace(RUNS[0], configuration=Configuration.of(1, cpu_mhz=600), **wrong)
    write_runs(path, [RUNS[0], odd], model="m", last_split_point=2)
    with pytest.raises(DataError, match=said):
        read_runs(path)


def test_the_summary_has_their_means_where_every_request_has_them() -> None:
    block = summarise_requests([served(RUNS[0], 0), served(RUNS[2], 1)])["fastest"]
    assert block["accuracy_top5"] == pytest.approx(0.875)
    assert block["output_mae"] == pytest.approx(0.125)
    block = summarise_requests([served(RUNS[0], 0), served(RUNS[1], 1)])["fastest"]
    assert "accuracy_top5" not in block
    assert "output_mae" not in block


def test_they_change_no_choice() -> None:
    front = ParetoFront.build(RUNS, model="m", last_split_point=2, source="measured")
    plain = [dataclasses.replace(m, accuracy_top5=None, output_mae=None) for m in RUNS]
    other = ParetoFront.build(plain, model="m", last_split_point=2, source="measured")
    for threshold_ms in (10.5, 11.5, 99.0):
        chosen = policies.build("dynasplit", front).choose(threshold_ms)
        assert chosen == policies.build("dynasplit", other).choose(threshold_ms)
