"""Each figure that a folder's tables allow: what it shows, its width, and its formats."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from dynasplit.config.options.figures import NAMES
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.figures.catalogue import FIGURES, Tables
from dynasplit.figures.drift import deviations_of
from dynasplit.figures.one_request import Power, Served
from dynasplit.figures.search import course_of
from dynasplit.figures.stages import CLOUD, COMPUTING, EDGE, WAITING, channels_of, stages_of
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.testbed.controls import ControlRun

WIDTHS_MM = (88, 180)


def run(point: int, latency_ms: float, energy_j: float, **others) -> Measurement:
    told = {"edge_energy_j": energy_j / 4, "cloud_energy_j": 3 * energy_j / 4, "mode": "latency"}
    told |= {"edge_ms": latency_ms / 2, "transfer_ms": latency_ms / 4, "cloud_ms": latency_ms / 4}
    told |= {"edge_idle_w": 2.0, "edge_busy_ms": latency_ms / 2, "testbed_time_s": 2.0}
    told |= {"channels": {"edge_wall_j": 1.0, "cloud_wall_j": 3.0, "edge_wall_idle_w": 2.0}}
    return Measurement(
        configuration=Configuration.of(point, cpu_mhz=600 + 400 * (point % 3)),
        latency_ms=latency_ms,
        energy_j=energy_j,
        source="emulated",
        accuracy=0.9,
        conditions={"edge_temperature_c": 50.0},
        **(told | others),
    )


@pytest.fixture(scope="module")
def tables() -> Tables:
    runs = [run(k, 20.0 + 5 * k, 8.0 - k) for k in range(6)]
    front = ParetoFront.build(runs, model="net", last_split_point=5, source="emulated")
    served = [
        ServedRequest(
            request=i, network="net", policy=policy, threshold_ms=18.0 + 3 * i, measurement=one
        )
        for i in range(6)
        for policy, one in (("cloud_only", runs[0]), ("dynasplit", runs[i]))
    ]
    controls = [
        ControlRun(
            time=f"t{i}",
            configuration="split 0",
            repeat=i,
            figures={"latency_ms": 20.0 + i, "edge_wall_j": 1.0},
            doubtful=("off",) if i == 4 else (),
        )
        for i in range(5)
    ]
    power = {role: Power(np.arange(5) / 10, np.full(5, 3.0), "wall") for role in ("edge", "cloud")}
    block = {"energy_j_mean": 1.0, "energy_saving_vs_cloud_pct": 0.0}
    policies = {"dynasplit": block, "cloud_only": block}
    known = {"label": "occupied", "policies": policies}
    return Tables(
        front=front,
        runs=runs,
        summaries=summarise(runs),
        served=served,
        controls=controls,
        by_accounting=dict.fromkeys(("occupied", "active", "shared"), known),
        own="occupied",
        one=Served(served[5], runs[2], power),
        remarks="made-up hosts of which more is to be said than fits into one line of a column",
    )


def test_the_command_line_knows_the_names_of_all():
    assert set(NAMES) == set(FIGURES)


@pytest.mark.medium
@pytest.mark.parametrize("name", FIGURES)
def test_each_is_as_wide_as_a_column_or_a_page_and_says_where_it_comes_from(tmp_path, tables, name):
    path = FIGURES[name].draw(tmp_path / f"{name}.png", tables)
    with Image.open(path) as image:
        image.load()
        dots = image.info["dpi"][0]
        assert any(image.width == pytest.approx(mm / 25.4 * dots, abs=2) for mm in WIDTHS_MM)
        assert image.info["Title"].startswith("net")
        assert "EMULATED" in image.info["Source"]
        assert tables.remarks in image.info["Source"]
        grey = np.asarray(image.convert("L"))
        assert (grey[:, -2:] > 250).all(), "something is cut at the right edge"
        assert len(np.unique(grey)) > 20


@pytest.mark.medium
@pytest.mark.parametrize("name", ["stages", "channels", "search", "timeline", "drift"])
def test_what_tables_lack_is_not_drawn(tmp_path, tables, name):
    bare = [
        dataclasses.replace(one, edge_energy_j=None, channels={}, edge_ms=None)
        for one in tables.runs[:1]
    ]
    rows = [dataclasses.replace(row, measurement=bare[0]) for row in tables.served]
    less = dataclasses.replace(
        tables, runs=bare, served=rows, one=Served(rows[0]), controls=tables.controls[:1]
    )
    assert FIGURES[name].draw(tmp_path / f"{name}.png", less) is None
    assert not list(tmp_path.iterdir())


def test_the_edge_waits_at_its_idle_power():
    parts = stages_of(run(1, 20.0, 8.0))
    assert parts == {COMPUTING: pytest.approx(1.98), WAITING: pytest.approx(0.02), CLOUD: 6.0}
    pipelined = stages_of(run(1, 20.0, 8.0, mode="throughput"))
    assert pipelined == {EDGE: 2.0, CLOUD: 6.0}
    assert stages_of(run(1, 20.0, 8.0, cloud_energy_j=None)) == {}
    assert channels_of(run(1, 20.0, 8.0)) == {"edge wall": 1.0, "cloud wall": 3.0}


def test_the_course_of_a_search_counts_each_configuration_once_and_all_time():
    points = [(30.0, 9.0), (20.0, 8.0), (40.0, 2.0)]
    runs = [run(k, *point) for k, point in enumerate(points)]
    course = course_of([runs[0], dataclasses.replace(runs[0], repeat=1), *runs[1:]])
    assert course.front_size.tolist() == [1, 1, 2]
    assert course.time_s.tolist() == [2, 6, 8]
    assert course.share[-1] == pytest.approx(1)
    assert (np.diff(course.share) >= 0).all()
    assert course_of([*runs[:2], dataclasses.replace(runs[2], testbed_time_s=None)]).time_s is None


def test_drift_is_off_the_median_of_the_first_three(tables):
    found = deviations_of(tables.controls)
    assert found["latency_ms"] == pytest.approx([-100 / 21, 0, 100 / 21, 200 / 21, 300 / 21])
    assert found["edge_wall_j"] == [0.0] * 5
