"""What a run leaves: hypervolumes that compare, and files that are read back."""

from dataclasses import replace

import pytest

from dynasplit.app.report.outputs import (
    hypervolume,
    source_in,
    summary_of,
    write_offline_outputs,
    write_online_outputs,
)
from dynasplit.app.setup.kinds import kind_of
from dynasplit.app.setup.phases import RunResult, Session, front_of, offline_phase, online_phase
from dynasplit.app.setup.rehearsal import rehearsal
from dynasplit.app.setup.resolve import run_inputs
from dynasplit.app.setup.run_inputs import RunInputs
from dynasplit.config.schema import Config
from dynasplit.core.provenance import is_imagined
from dynasplit.front.known_to import with_intervals
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


def run(config: Config) -> tuple[RunInputs, RunResult]:
    inputs = run_inputs(kind_of(config))
    session = Session(rehearsal(inputs.testbed), Journal())
    offline = offline_phase(inputs, session)
    front = front_of(inputs, offline)
    return inputs, RunResult(offline, front, online_phase(front, inputs, session, offline))


@pytest.fixture(scope="module")
def ran():
    return run(config_of())


@pytest.mark.medium
def test_the_files_are_read_back_as_they_were(ran, tmp_path):
    inputs, found = ran
    files = write_offline_outputs(tmp_path, inputs, found.offline, found.front)
    assert {"front.json", "runs.parquet", "front.png", "knobs.png"} == {p.name for p in files}
    files += write_online_outputs(tmp_path, summary_of(inputs, found), inputs, found)
    assert all(path.is_file() for path in files)
    runs = read_runs(tmp_path / "runs.parquet")
    assert (len(runs), runs.model, runs.last_split_point) == (
        len(found.offline.measurements),
        "vgg16",
        22,
    )
    assert len(read_requests(tmp_path / "requests.parquet").rows) == 25
    known = with_intervals(found.front, found.offline.measurements)
    assert ParetoFront.load(tmp_path / "front.json").summaries == known.summaries
    assert {"front.png", "energy.png", "latency.png"} <= {path.name for path in files}


def test_the_exhaustive_grid_has_a_hypervolume_of_one(ran):
    inputs, found = ran
    reference = inputs.testbed.reference()
    grid = inputs.testbed.grid()
    assert hypervolume(reference, grid) == pytest.approx(1.0)
    assert 0 < hypervolume(found.front, grid) <= 1


def test_a_policy_whose_baseline_is_not_in_the_space_is_left_out():
    config = config_of()
    config.model.split_points = [0, 5, 9]
    _, found = run(config)
    assert list(found.online.left_out) == ["edge_only"]
    assert {row.policy for row in found.online.served} == set(config.policies) - {"edge_only"}


def test_a_single_point_has_no_hypervolume(ran):
    found = ran[1]
    one = replace(found.front, summaries=found.front.summaries[:1])
    grid = ran[0].testbed.grid()
    assert hypervolume(found.front, None) is None
    assert hypervolume(found.front, {s.configuration: s for s in one.summaries}) is None
    assert 0 < hypervolume(one, grid) < 1


def test_noise_does_not_move_the_hypervolume(ran):
    """A member that was measured to be better than it is counts as what the grid has it to be."""
    inputs, found = ran
    lucky = tuple(replace(s, latency_ms=0.9 * s.latency_ms) for s in found.front.summaries)
    expected = hypervolume(found.front, inputs.testbed.grid())
    assert hypervolume(replace(found.front, summaries=lucky), inputs.testbed.grid()) == expected


def test_modelled_figures_count_as_emulated(ran):
    inputs, found = ran
    assert is_imagined(source_in(inputs.testbed, found))
    real = [
        replace(s, measurement=replace(s.measurement, source="measured"))
        for s in found.online.served
    ]
    online = replace(found.online, served=real)
    assert not is_imagined(source_in(inputs.testbed, replace(found, online=online)))


def test_thresholds_follow_what_the_profile_knows_unless_said_otherwise(ran):
    inputs, found = ran
    thresholds = [s.threshold_ms for s in found.online.served]
    assert min(thresholds) > min(inputs.testbed.latencies_ms)
    assert found.online.workload["kind"] == "weibull"
    published = config_of()
    published.workload.kind = "reference"
    published.workload.min_ms, published.workload.max_ms = 100.0, 200.0
    inputs, again = run(published)
    thresholds = [s.threshold_ms for s in again.online.served]
    assert (min(thresholds), max(thresholds)) == pytest.approx((100.0, 200.0))
    told = summary_of(inputs, again)["workload"]
    assert told["kind"] == "reference"
    assert "then rescaled" in told["words"]
