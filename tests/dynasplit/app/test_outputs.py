"""What a run leaves: hypervolumes that compare, and files that are read back."""

from dataclasses import replace

import pytest

from dynasplit.app.report.outputs import hypervolume, is_emulated, summary_of, write_outputs
from dynasplit.app.setup.phases import run_phases
from dynasplit.app.setup.run_inputs import ground_of
from dynasplit.app.setup.testbeds import rehearsal
from dynasplit.config.schema import Config
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.run.journal import Journal
from dynasplit.tables import read_requests, read_runs


def config_of(**changes) -> Config:
    config = Config(name="x", **changes)
    config.hosts.kind, config.hosts.profile = "modelled", "pi4_coral_v100"
    config.model.name, config.data.name = "vgg16", "photos"
    config.search.algorithm, config.search.trials = "random", 20
    config.workload.requests = 5
    return config


@pytest.fixture(scope="module")
def ran():
    config = config_of()
    ground = ground_of(config)
    testbed = rehearsal(config, ground)
    found = run_phases(
        config, ground, testbed, Journal(), storage=None, subscriber=lambda _event: None
    )
    return config, ground, found


@pytest.mark.medium
def test_the_files_are_read_back_as_they_were(ran, tmp_path):
    config, ground, found = ran
    files = write_outputs(tmp_path, summary_of(config, ground, found), ground, found)
    assert all(path.is_file() for path in files)
    runs = read_runs(tmp_path / "runs.parquet")
    assert (len(runs), runs.model, runs.last_split_point) == (
        len(found.explored.measurements),
        "vgg16",
        22,
    )
    assert len(read_requests(tmp_path / "requests.parquet").rows) == 25
    assert ParetoFront.load(tmp_path / "front.json").summaries == found.front.summaries
    assert {"front.png", "energy.png", "latency.png"} <= {path.name for path in files}


def test_the_exhaustive_grid_has_a_hypervolume_of_one(ran):
    _, ground, found = ran
    reference = ground.reference()
    assert hypervolume(reference, reference) == pytest.approx(1.0)
    assert 0 < hypervolume(found.front, reference) < 1.1


def test_a_policy_whose_baseline_is_not_in_the_space_is_left_out():
    config = config_of()
    config.model.split_points = [0, 5, 9]
    ground = ground_of(config)
    testbed = rehearsal(config, ground)
    found = run_phases(
        config, ground, testbed, Journal(), storage=None, subscriber=lambda _event: None
    )
    assert list(found.left_out) == ["edge_only"]
    assert {row.policy for row in found.served} == set(config.policies) - {"edge_only"}


def test_a_single_point_has_no_hypervolume(ran):
    found = ran[2]
    one = replace(found.front, summaries=found.front.summaries[:1])
    assert hypervolume(one, None) is None
    assert hypervolume(found.front, one) is None
    assert hypervolume(one, found.front) is not None


def test_a_quality_that_the_profile_does_not_know_is_left_out_of_the_hypervolume(ran):
    _, ground, found = ran
    summaries = tuple(replace(s, accuracy=0.9) for s in found.front.summaries)
    with_quality = replace(found.front, summaries=summaries, quality="accuracy")
    expected = hypervolume(found.front, ground.reference())
    assert hypervolume(with_quality, ground.reference()) == pytest.approx(expected)


def test_modelled_figures_count_as_emulated(ran):
    _, ground, found = ran
    assert is_emulated(ground, found)
    real = [replace(s, measurement=replace(s.measurement, source="measured")) for s in found.served]
    assert not is_emulated(ground, replace(found, served=real))


def test_thresholds_span_what_the_profile_knows_unless_said_otherwise(ran):
    _, ground, found = ran
    thresholds = [s.threshold_ms for s in found.served]
    assert min(thresholds) == pytest.approx(min(ground.latencies_ms))
    assert max(thresholds) == pytest.approx(max(ground.latencies_ms))
    narrow = config_of()
    narrow.workload.min_ms, narrow.workload.max_ms = 100.0, 200.0
    again = run_phases(
        narrow,
        ground,
        rehearsal(narrow, ground),
        Journal(),
        storage=None,
        subscriber=lambda _event: None,
    )
    thresholds = [s.threshold_ms for s in again.served]
    assert (min(thresholds), max(thresholds)) == pytest.approx((100.0, 200.0))
