"""The front: dominance, the file, and the hypervolume."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.errors import DataError, ResultsError
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.space import Configuration, SearchSpace
from dynasplit.front.dominance import HypervolumeScale, non_dominated
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import RunsTable

Objective = st.integers(1, 6).map(float)


def front_of(runs: list[Measurement], space: SearchSpace) -> ParetoFront:
    return ParetoFront.build(
        runs,
        model="vgg16",
        last_split_point=space.last_split_point,
        source="modelled",
        cloud_only=space.cloud_only,
        edge_only=space.edge_only,
    )


@given(st.integers(1, 3).flatmap(lambda d: st.lists(st.tuples(*[Objective] * d), min_size=1)))
def test_dominance_against_brute_force(rows: list[tuple[float, ...]]) -> None:
    points = np.array(rows)
    expected = [not any((q <= p).all() and (q < p).any() for q in points) for p in points]
    assert non_dominated(points).tolist() == expected


@given(st.lists(st.tuples(Objective, Objective, Objective), min_size=1, max_size=25))
def test_a_front_of_any_figures(rows: list[tuple[float, float, float]]) -> None:
    runs = [
        Measurement(
            configuration=Configuration(k), latency_ms=t, energy_j=e, accuracy=a / 10, repeat=0
        )
        for k, (t, e, a) in enumerate(rows)
    ]
    front = ParetoFront.build(runs, model="m", last_split_point=99, source="measured")
    on_it = {s.configuration.split_point for s in front.summaries}
    for k, (t, e, a) in enumerate(rows):
        beaten = any(u <= t and f <= e and b >= a and (u, f, b) != (t, e, a) for u, f, b in rows)
        assert (k in on_it) != beaten
    latencies = [s.latency_ms for s in front.summaries]
    assert latencies == sorted(latencies)
    assert front.hypervolume(front) == pytest.approx(1)


def test_the_ways_to_a_front_agree(vgg16_runs: list[Measurement], vgg16_space: SearchSpace) -> None:
    repeated = dataclasses.replace(vgg16_runs[40], latency_ms=1.0, repeat=1)
    more = dataclasses.replace(vgg16_runs[40], repeat=2)
    runs = [*vgg16_runs, repeated, more]
    front = front_of(runs, vgg16_space)
    assert front == dataclasses.replace(
        ParetoFront.build(
            summarise(runs),
            model="vgg16",
            last_split_point=22,
            source="modelled",
            cloud_only=vgg16_space.cloud_only,
            edge_only=vgg16_space.edge_only,
        )
    )
    assert front == ParetoFront.of_runs(RunsTable.of(runs, model="vgg16", last_split_point=22))
    assert front.cloud_only is not None
    assert front.cloud_only.configuration == vgg16_space.cloud_only
    assert front.fastest_ms > 1.0, "one lucky run of three makes no front"


def test_what_was_not_measured_is_no_objective(foreign_runs: list[Measurement]) -> None:
    front = ParetoFront.build(foreign_runs, model="m", last_split_point=5, source="measured")
    assert [s.latency_ms for s in front.summaries] == [20.0, 20.0]
    assert not front.has_energy
    assert front.quality is None


def test_a_front_file_is_read_back(
    tmp_path: Path, vgg16_runs: list[Measurement], vgg16_space: SearchSpace
) -> None:
    front = front_of(vgg16_runs, vgg16_space)
    front.save(tmp_path / "front.json")
    assert ParetoFront.load(tmp_path / "front.json") == front
    with pytest.raises(DataError, match="asked for: 'vit'"):
        ParetoFront.load(tmp_path / "front.json", model="vit")
    with pytest.raises(DataError, match=r"split points 0\.\.22; asked for: one with 0\.\.7"):
        ParetoFront.load(tmp_path / "front.json", last_split_point=7)
    with pytest.raises(ResultsError, match="cannot be written"):
        front.save(tmp_path / "no" / "front.json")


def test_files_that_are_no_fronts(
    tmp_path: Path, vgg16_runs: list[Measurement], vgg16_space: SearchSpace
) -> None:
    path = tmp_path / "front.json"
    front_of(vgg16_runs, vgg16_space).save(path)
    whole = json.loads(path.read_text())
    whole["front"]["summaries"][2]["configuration"]["split_point"] = 23
    for content, words in [
        ("", "not a front file"),
        (path.read_text()[:200], "not a front file"),
        ('{"kind": "something", "version": 1}', "found 'something' version 1"),
        ("[1, 2]", "not a front file"),
        ('{"a": 1}', "foreign file"),
        (json.dumps({**whole, "version": 9}), "version 9"),
        (json.dumps(whole), "summary 2, split_point: found 23; allowed: 0 to 22"),
    ]:
        path.write_text(content)
        with pytest.raises(DataError, match=words) as error:
            ParetoFront.load(path)
        assert str(path) in str(error.value)
    with pytest.raises(DataError, match="cannot be read"):
        ParetoFront.load(tmp_path / "none.json")


def test_some_without_energy_is_an_error(vgg16_runs: list[Measurement]) -> None:
    runs = [vgg16_runs[0], dataclasses.replace(vgg16_runs[1], energy_j=None)]
    with pytest.raises(DataError, match="1 of 2 configurations have no energy"):
        ParetoFront.build(runs, model="m", last_split_point=22, source="measured")
    with pytest.raises(DataError, match="found none"):
        ParetoFront.build([], model="m", last_split_point=22, source="measured")


def test_hypervolume_by_hand() -> None:
    # the front spans 0..1 with (0, 1), (0.5, 0.5), (1, 0), each area up to 1.1 by strips
    points = np.array([[10.0, 300.0], [20.0, 200.0], [30.0, 100.0]])
    scale = HypervolumeScale.of(points)
    whole = 0.5 * 0.1 + 0.5 * 0.6 + 0.1 * 1.1
    assert scale.whole == pytest.approx(whole)
    assert scale.share(points[1:2]) == pytest.approx(0.6 * 0.6 / whole)
    assert scale.share(np.array([[500.0, 500.0]])) == 0
    assert scale.share(points[:0]) == 0


def test_an_objective_that_does_not_vary_is_left_out() -> None:
    points = np.array([[1.0, 5.0, -0.7], [2.0, 4.0, -0.7]])
    assert HypervolumeScale.of(points).share(points) == pytest.approx(1)
    assert HypervolumeScale.of(points).varying.tolist() == [True, True, False]
    one = HypervolumeScale.of(points[:1])
    assert one.share(points[:1]) == 1
    assert one.share(points[1:]) == 0
