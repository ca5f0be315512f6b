import dataclasses

import numpy as np
import pytest
from PIL import Image

from dynasplit import figures
from dynasplit.core.errors import ResultsError
from dynasplit.core.measurement import Measurement, summarise
from dynasplit.core.served_request import ServedRequest
from dynasplit.figures import PolicySeries, conditions, knobs
from dynasplit.figures.series import kind_of
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.workload import requests_of
from dynasplit.online.workloads.reference import Reference


def front_of(runs, space, source="emulated", model="vgg16"):
    return ParetoFront.build(
        runs,
        model=model,
        last_split_point=space.last_split_point,
        source=source,
        cloud_only=space.cloud_only,
        edge_only=space.edge_only,
    )


def serve(front, count, names=None):
    """Every policy's choice, with the latency that its summary promises."""
    served = []
    for request in requests_of(Reference(count, 0, 90.0, 5000.0), "vgg16"):
        for name in names or policies.names():
            choice = policies.build(name, front).choose(request.threshold_ms)
            run = Measurement(
                configuration=choice.configuration,
                latency_ms=choice.latency_ms,
                energy_j=choice.energy_j,
            )
            served.append(
                ServedRequest(
                    request=request.index,
                    network="vgg16",
                    policy=name,
                    threshold_ms=request.threshold_ms,
                    measurement=run,
                )
            )
    return served


def said(path):
    with Image.open(path) as image:
        image.load()
        colours = image.convert("RGB").getcolors(1 << 20)
        assert len(colours) > 20, "an empty figure"
        return image.info["Title"], image.info["Source"]


@pytest.mark.medium
def test_every_figure_says_whose_it_is_and_where_it_comes_from(tmp_path, vgg16_runs, vgg16_space):
    front = front_of(vgg16_runs, vgg16_space)
    paths = figures.draw_all(
        tmp_path, summarise(vgg16_runs), front, serve(front, 40), "made-up hosts"
    )
    assert sorted(p.name for p in paths) == [
        *("choices.png", "energy.png", "front.png", "knobs.png", "latency.png", "violations.png")
    ]
    for path in paths:
        title, source = said(path)
        assert title.startswith("vgg16")
        assert "EMULATED" in source
        assert source.endswith("\nmade-up hosts")


@pytest.mark.medium
@pytest.mark.parametrize("source", ["measured", "modelled"])
def test_other_sources_are_named(tmp_path, vgg16_runs, vgg16_space, source):
    front = front_of(vgg16_runs[:40], vgg16_space, source)
    (path,) = figures.draw_all(tmp_path, [], front, [])
    assert source in said(path)[1].lower()


@pytest.mark.medium
def test_without_energy_accuracy_or_a_name(tmp_path, foreign_runs):
    front = ParetoFront.build(foreign_runs, model=None, last_split_point=5, source="recorded")
    served = [
        ServedRequest(
            request=i,
            network="x",
            policy="fastest",
            threshold_ms=5.0,
            measurement=foreign_runs[i],
            infeasible=True,
        )
        for i in range(3)
    ]
    paths = figures.draw_all(tmp_path, summarise(foreign_runs), front, served)
    assert "energy.png" not in [p.name for p in paths]
    assert said(paths[0])[0].startswith("Unnamed network")


@pytest.mark.medium
def test_one_point_and_nothing_missed(tmp_path, vgg16_runs, vgg16_space):
    front = front_of(vgg16_runs[:1], vgg16_space)
    served = [dataclasses.replace(one, threshold_ms=1e5) for one in serve(front, 1, ["fastest"])]
    drawn = figures.draw_all(tmp_path, summarise(vgg16_runs[:1]), front, served)
    assert {"front.png", "latency.png", "choices.png"} <= {path.name for path in drawn}
    assert all(said(path) for path in drawn)


def test_a_folder_that_is_not_there(tmp_path, vgg16_runs, vgg16_space):
    with pytest.raises(ResultsError, match="cannot be written"):
        figures.draw_all(tmp_path / "no", [], front_of(vgg16_runs[:9], vgg16_space), [])


def test_series():
    run = Measurement(configuration=None, latency_ms=10.0, energy_j=None)
    assert [kind_of(k, 5) for k in (0, 1, 5)] == ["cloud-only", "split", "edge-only"]
    series = PolicySeries(
        name="p",
        threshold_ms=np.array([5.0, 10.0, 8.0, 20.0]),
        latency_ms=np.full(4, run.latency_ms),
        energy_j=np.full(4, np.nan),
        infeasible=np.array([True, False, False, False]),
        kinds=["split", "split", "split", "cloud-only"],
    )
    assert series.exceedance_ms.tolist() == [5.0, 2.0]
    assert (series.violated_pct(True), series.violated_pct(False)) == (25.0, 25.0)
    assert (series.kind_pct("split"), series.kind_pct("edge-only")) == (75.0, 0.0)


def test_the_knobs_figure_has_every_value_in_words_from_slow_to_fast(vgg16_runs, vgg16_space):
    found = knobs.shares_of(summarise(vgg16_runs), front_of(vgg16_runs, vgg16_space))
    assert [shares.values for shares in found] == [
        tuple(f"{mhz} MHz" for mhz in range(600, 2000, 200)),
        ("no TPU", "TPU std", "TPU max"),
        ("no GPU", "GPU"),
    ]
    assert all(sum(shares.measured_pct) == pytest.approx(100) for shares in found)
    assert all(sum(shares.front_pct) == pytest.approx(100) for shares in found)


def test_conditions_are_drawn_where_there_are_any(tmp_path, vgg16_runs, vgg16_space):
    front, seen = (
        front_of(vgg16_runs[:9], vgg16_space),
        (("edge_temperature_c", 61.5), ("link_x", 2.0)),
    )
    runs = [
        dataclasses.replace(run, conditions=dict(seen[: i % 3]))
        for i, run in enumerate(vgg16_runs[:9])
    ]
    paths = figures.draw_all(tmp_path, [], front, [], runs=runs)
    assert [path.name for path in paths] == ["front.png", "conditions.png"]
    assert "EMULATED" in said(paths[1])[1]
    series = conditions.series_of(runs)
    assert list(series) == ["edge: CPU temperature after the window (°C)", "link: x"]
    assert np.isnan(series["link: x"]).sum() == 6
