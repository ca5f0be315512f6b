"""Latencies of single inferences: kept in tables, bounded, and what a quantile is about."""

import dataclasses
from pathlib import Path

import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import KEPT_INFERENCES, Measurement, kept_latencies, summarise
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.tables import read_runs, write_runs


def run_of(k: int, *inference_ms: float, repeat: int = 0) -> Measurement:
    return Measurement(
        configuration=Configuration(k),
        repeat=repeat,
        latency_ms=10.0 + k,
        energy_j=9.0 - k,
        inference_ms=inference_ms,
    )


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_tables_keep_them_and_older_ones_have_none(tmp_path: Path, name: str) -> None:
    runs = [run_of(1, 10.25, 11.5, 90.1234), run_of(2)]
    write_runs(tmp_path / name, runs, model="m", last_split_point=3)
    assert read_runs(tmp_path / name).measurements == runs
    older = [dataclasses.replace(run, inference_ms=()) for run in runs]
    write_runs(tmp_path / name, older, model="m", last_split_point=3)
    table = read_runs(tmp_path / name)
    assert table.inferences is None
    assert table.measurements == older


@pytest.mark.parametrize("times_ms", [(10.0, -1.0), (float("nan"),), (float("inf"), 2.0)])
def test_what_no_inference_takes_is_refused(tmp_path: Path, times_ms) -> None:
    path = tmp_path / "runs.parquet"
    write_runs(path, [run_of(1, 9.0), run_of(2, *times_ms)], model="m", last_split_point=3)
    with pytest.raises(DataError, match=r"row 1, column inference_ms: found .*; allowed: numbers"):
        read_runs(path)


def test_of_many_some_are_kept_from_all_over_the_window() -> None:
    assert kept_latencies([1.00004, 2.0]) == (1.0, 2.0)
    kept = kept_latencies([float(i) for i in range(10_000)])
    assert len(kept) == KEPT_INFERENCES
    assert kept[0] == 0
    assert kept[-1] > 9_900
    assert list(kept) == sorted(set(kept))


def test_a_quantile_is_about_inferences_where_they_are_kept() -> None:
    steady = [10.0 + i / 1000 for i in range(100)]
    jumpy = [10.0] * 90 + [40.0] * 10
    runs = [run_of(0, *steady), run_of(1, *jumpy), run_of(1, *jumpy, repeat=1)]
    front = ParetoFront.build(runs, model="m", last_split_point=3, source="measured")
    by_median = policies.build("dynasplit", front)
    careful = policies.build("dynasplit", front, quantile=0.95)
    assert by_median.choose(20.0).configuration == Configuration(1)
    assert careful.choose(20.0).configuration == Configuration(0)
    assert careful.choose(41.0).configuration == Configuration(1)
    (one,) = summarise(runs[1:])
    assert len(one.latencies_ms) == 101
    assert (one.latencies_ms[0], one.latencies_ms[-1]) == (10.0, 40.0)
