"""The fit finds the profile that made the runs, in spite of noise, outliers and gaps."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration, Knob, SearchSpace
from dynasplit.profile.fit import Fit, fit_profile, predict_profile
from dynasplit.profile.law import Cut, fit_law, predict_network, read_cuts
from dynasplit.tables import RunsTable
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import Profile, load_profile, save_profile
from hosts.emulation.timings import Law, Network, Split
from hosts.wire.window_rules import WindowRules

QUIET = msgspec.structs.replace(load_profile("pi4_coral_v100"), noise=Noise())


def table(runs: list[Measurement], last: int = 22) -> RunsTable:
    return RunsTable.of(runs, model="vgg16", last_split_point=last)


def errors_pct(fit: Fit, profile: Profile, space: SearchSpace) -> dict[str, float]:
    """Median errors of the fit against the profile that made the runs, over a whole space."""
    truth = ModelledTestbed(profile, "vgg16")
    pairs = [(fit.predict(c), truth.measure(c)) for c in space.configurations]
    found = {}
    for name in ("latency_ms", "energy_j"):
        ratios = [getattr(a, name) / getattr(b, name) for a, b in pairs]
        found[name] = 100 * float(np.median(np.abs(np.array(ratios) - 1)))
    return found


def test_the_published_testbed_is_found_again(
    vgg16_runs: list[Measurement], vgg16_space: SearchSpace
) -> None:
    fit = fit_profile(table(vgg16_runs))
    against_truth = errors_pct(fit, QUIET, vgg16_space)
    assert against_truth["latency_ms"] < 0.4
    assert against_truth["energy_j"] < 0.4
    assert fit.errors["latency_medape_pct"] == pytest.approx(0.55, abs=0.3)
    assert set(fit.errors) == {
        f"{part}_medape_pct"
        for part in (
            *("latency", "energy", "edge", "transfer", "cloud"),
            *("edge_energy", "cloud_energy"),
        )
    }
    assert fit.filled == ()
    assert fit.profile.cloud.tail_gpu_w == pytest.approx(904, rel=0.01)
    assert fit.profile.link.per_kb_ms == pytest.approx(0.01387, rel=0.02)


def test_vit_is_predicted_as_its_published_figures_say() -> None:
    cuts = [Cut(0, 0.0, 17_564.0, 588.0), Cut(19, 17_564.0, 0.0, 0.0)]
    fit = predict_profile(load_profile("pi4_coral_v100"), "vit_b16", cuts)

    def at(split_point: int, cpu_mhz: int, cloud_gpu: bool) -> Measurement:
        return fit.predict(
            Configuration.of(
                split_point, cpu_mhz=cpu_mhz, edge_accelerator="off", cloud_gpu=cloud_gpu
            )
        )

    assert at(19, 1800, False).latency_ms == pytest.approx(3927, rel=0.005)
    assert at(19, 600, False).latency_ms == pytest.approx(10_287.6, rel=0.01)
    assert at(0, 1800, True).latency_ms == pytest.approx(118, rel=0.005)
    assert at(19, 1800, False).energy_j == pytest.approx(16.8, rel=0.01)
    assert at(0, 1800, True).energy_j == pytest.approx(90.9, rel=0.02)
    assert fit.profile.assumed[-1].endswith("corrected by published figures.")


def test_runs_of_throughput_mode_are_no_ground_for_a_profile(
    vgg16_runs: list[Measurement],
) -> None:
    pipelined = [dataclasses.replace(run, mode="throughput") for run in vgg16_runs[:40]]
    with pytest.raises(DataError, match="throughput mode, where times hold waiting"):
        fit_profile(table(pipelined))


def test_planted_defects_do_not_move_the_fit(
    vgg16_runs: list[Measurement], vgg16_space: SearchSpace
) -> None:
    random = np.random.default_rng(4)
    runs = list(vgg16_runs)
    for i in random.permutation(len(runs))[:150]:  # a stalled loader: up to twice as slow
        factor = 1 + random.uniform(0.2, 1.0)
        edge_ms = runs[i].edge_ms * factor  # type: ignore[operator]
        latency_ms = runs[i].latency_ms + edge_ms - runs[i].edge_ms  # type: ignore[operator]
        runs[i] = dataclasses.replace(runs[i], edge_ms=edge_ms, latency_ms=latency_ms)
    fit = fit_profile(table(runs))
    assert errors_pct(fit, QUIET, vgg16_space)["latency_ms"] < 0.5


def test_half_of_the_grid_and_half_of_the_energy(
    vgg16_runs: list[Measurement], vgg16_space: SearchSpace
) -> None:
    runs = [
        dataclasses.replace(m, edge_energy_j=None, cloud_energy_j=None) for m in vgg16_runs[::3]
    ]
    fit = fit_profile(table(runs))
    found = errors_pct(fit, QUIET, vgg16_space)
    assert found["latency_ms"] < 1.0
    assert found["energy_j"] < 1.0
    assert fit.errors["edge_energy_medape_pct"] is None


def foreign_profile() -> Profile:
    """Seven split points, no accelerator, no GPU, two frequencies that are not a Pi's."""
    splits = tuple(
        Split(k, 64.0 / (k + 1) if k < 6 else 0.0, {"off": (30.0 * k + 1, 4.0 * k + 2)}, None, c)
        for k, c in enumerate([90.0, 80.0, 60.0, 45.0, 30.0, 20.0, None])
    )
    return msgspec.structs.replace(QUIET, networks={"vgg16": Network(6, splits)})


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_testbed_without_accelerator_or_gpu(tmp_path: Path, repeats: int) -> None:
    profile = foreign_profile()
    space = SearchSpace.build(range(7), 6, [Knob("cpu_mhz", (1500, 2400))])
    noisy = msgspec.structs.replace(profile, noise=Noise(run_latency_cv=0.01, run_power_cv=0.01))
    testbed = ModelledTestbed(noisy, "vgg16", seed=2)
    runs = [testbed.measure(c, repeat=r) for c in space.configurations for r in range(repeats)]
    fit = fit_profile(table(runs, last=6))
    found = errors_pct(fit, profile, space)
    assert found["latency_ms"] < 2
    assert found["energy_j"] < 3
    assert set(fit.profile.networks["vgg16"].splits[3].edge) == {"off"}
    assert fit.profile.networks["vgg16"].splits[3].cloud_gpu_ms is None
    assert (fit.profile.noise.run_latency_cv > 0) == (repeats > 1)
    save_profile(fit.profile, tmp_path / "fitted.yaml")
    assert load_profile(str(tmp_path / "fitted.yaml")) == fit.profile


@pytest.mark.medium
def test_without_energy_the_power_is_assumed_and_said(vgg16_runs: list[Measurement]) -> None:
    runs = [
        dataclasses.replace(m, energy_j=None, edge_energy_j=None, cloud_energy_j=None)
        for m in vgg16_runs
    ]
    fit = fit_profile(table(runs))
    assert fit.errors["energy_medape_pct"] is None
    assert any("Energy was not measured" in line for line in fit.profile.assumed)


def test_gaps_are_filled_between_neighbours_and_said(vgg16_runs: list[Measurement]) -> None:
    runs = [m for m in vgg16_runs if m.configuration.split_point not in (8, 9)]
    fit = fit_profile(table(runs))
    assert "head off at split point 8" in fit.filled
    assert "tensor size at 9" in fit.filled
    eight = fit.predict(Configuration.of(8, cpu_mhz=1000, edge_accelerator="off", cloud_gpu=True))
    truth = ModelledTestbed(QUIET, "vgg16").measure(eight.configuration)
    assert eight.latency_ms == pytest.approx(truth.latency_ms, rel=0.2)
    assert eight.accuracy in {m.accuracy for m in runs if m.configuration.split_point in (7, 10)}


@pytest.mark.medium
@pytest.mark.parametrize(("images", "kept"), [([100, 100], 100), ([100, 50], None)])
def test_a_fitted_profile_keeps_on_how_many_images_quality_is(
    vgg16_runs: list[Measurement], tmp_path: Path, images: list[int], kept: int | None
) -> None:
    """By it modelled hosts' accuracies have intervals."""
    runs = [
        dataclasses.replace(m, accuracy=0.9, images=images[i % 2]) for i, m in enumerate(vgg16_runs)
    ]
    save_profile(fit_profile(table(runs)).profile, tmp_path / "fitted.yaml")
    fitted = load_profile(str(tmp_path / "fitted.yaml"))
    assert fitted.networks["vgg16"].images == kept
    found = ModelledTestbed(fitted, "vgg16").measure(runs[0].configuration)
    assert (found.accuracy, found.images) == (0.9, kept)
    assert ModelledTestbed(QUIET, "vgg16").measure(runs[0].configuration).images is None


def test_what_cannot_be_fitted_says_why(foreign_runs: list[Measurement]) -> None:
    with pytest.raises(DataError, match="missing: edge_ms, transfer_ms, cloud_ms, tensor_kb"):
        fit_profile(table(foreign_runs, last=5))
    odd = [Measurement(configuration=Configuration.of(0, fan="low"), latency_ms=3)]
    with pytest.raises(DataError, match=r"cannot describe the knobs \['fan'\]"):
        fit_profile(table(odd))


LAW = Law(0.18, 0.011, 48.0, 13.0, 69.0, 0.0009, 124.0, 0.003, without_head=(9.0, 3.0))


def made_up_cuts(last: int = 9) -> list[Cut]:
    total = 4000.0
    heads = [total * (k / last) ** 1.5 for k in range(last + 1)]
    return [
        Cut(k, head, total - head, 300.0 / (k + 1) if k < last else 0.0)
        for k, head in enumerate(heads)
    ]


def test_a_law_and_a_handful_of_runs_predict_a_network() -> None:
    cuts = made_up_cuts()
    own = msgspec.structs.replace(
        LAW,
        edge_ms_ghz_per_mmac=LAW.edge_ms_ghz_per_mmac * 0.8,
        edge_base_ms_ghz=LAW.edge_base_ms_ghz * 0.8,
        edge_ms_per_mmac=LAW.edge_ms_per_mmac * 2.5,
        edge_base_ms=LAW.edge_base_ms * 2.5,
    )
    truth = predict_network(own, cuts)
    testbed = ModelledTestbed(msgspec.structs.replace(QUIET, networks={"vgg16": truth}), "vgg16")
    handful = [
        testbed.measure(Configuration.of(k, cpu_mhz=mhz, edge_accelerator="off", cloud_gpu=gpu))
        for k, mhz, gpu in [(3, 600, True), (3, 1800, True), (6, 600, False), (9, 1800, False)]
    ]
    by_law = predict_network(LAW, cuts)
    corrected = predict_network(LAW, cuts, table(handful, last=9))
    for k in (1, 5, 9):
        true_a, true_b = truth.splits[k].edge["off"]
        a, b = corrected.splits[k].edge["off"]
        assert a + b == pytest.approx(true_a + true_b, rel=0.02)
        assert abs(sum(by_law.splits[k].edge["off"]) / (true_a + true_b) - 1) > 0.05


def test_a_law_is_found_again_from_timings() -> None:
    cuts = made_up_cuts()
    found = fit_law(predict_network(LAW, cuts), cuts)
    assert found.without_head == LAW.without_head
    assert msgspec.structs.astuple(found)[:8] == pytest.approx(
        msgspec.structs.astuple(LAW)[:8], rel=1e-6
    )


def test_without_runs_the_law_of_the_profile_predicts() -> None:
    cuts = made_up_cuts()
    fit = predict_profile(QUIET, "mine", cuts)
    assert fit.errors == {}
    assert set(fit.profile.networks) == {*QUIET.networks, "mine"}
    assert any("mine: predicted from multiply-accumulates" in a for a in fit.profile.assumed)
    run = fit.predict(Configuration.of(9, cpu_mhz=1000, edge_accelerator="off"))
    assert run.latency_ms == pytest.approx(4000 * (0.1798 + 0.0112) + 48.8 + 13.0)
    with pytest.raises(DataError, match="has no law"):
        predict_profile(msgspec.structs.replace(QUIET, law=None), "mine", cuts)
    other = [Measurement(configuration=Configuration.of(12, cpu_mhz=1000), latency_ms=3)]
    with pytest.raises(DataError, match=r"split points 0\.\.9; the runs have 0\.\.12"):
        predict_profile(QUIET, "mine", cuts, table(other, last=12))


def test_cuts_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "macs.csv"
    path.write_text("split_point,head_mmac,tail_mmac,tensor_kb\n1,5,0,0\n0,0,5,588\n")
    assert read_cuts(path) == [Cut(0, 0, 5, 588), Cut(1, 5, 0, 0)]
    path.write_text("split_point,head_mmac,tail_mmac,tensor_kb\n0,-5,5,588\n")
    with pytest.raises(DataError, match="row 0, column head_mmac: found -5"):
        read_cuts(path)
    path.write_text("split_point,head_mmac,tail_mmac,tensor_kb\n1,5,0,0\n")
    with pytest.raises(DataError, match=r"column split_point: found \[1\]"):
        read_cuts(path)


def test_the_profile_counts_the_inferences_that_an_interval_needs() -> None:
    noisy = msgspec.structs.replace(QUIET, noise=Noise(request_latency_cv=0.05))
    at = Configuration.of(0, cpu_mhz=1800, edge_accelerator="off", cloud_gpu=True)
    found = [
        ModelledTestbed(
            noisy, "vgg16", rules=WindowRules(min_window_s=0.1, relative_ci=ci)
        ).measure(at)
        for ci in (None, 0.02, 0.005)
    ]
    assert [m.inferences for m in found] == [10, 25, 385]
    assert found[2].testbed_time_s > found[1].testbed_time_s + 30
