"""Plans that work on a table of runs: audit, fit, replay, and the benchmark of searches."""

import dataclasses
import json
from pathlib import Path

import pytest

from dynasplit.core.space import Knob, SearchSpace
from dynasplit.tables import read_requests, read_runs, write_runs
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile
from tests.commands import command_line
from tests.recorded import artifacts_of

PROFILE = load_profile("quick")
WRONG_ROW = 40


def quick_space() -> SearchSpace:
    knobs = [
        Knob("cpu_mhz", PROFILE.edge.cpu_mhz),
        Knob("edge_accelerator", ("off", "max"), "edge", "off"),
        Knob("cloud_gpu", (False, True), "cloud", False),
    ]
    return SearchSpace.build(range(8), 7, knobs)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """Three runs of each configuration; one row was measured at another frequency than it says."""
    testbed = ModelledTestbed(PROFILE, "digits_cnn")
    rows = [
        testbed.measure(c, repeat=repeat)
        for c in quick_space().configurations
        for repeat in range(3)
    ]
    at = next(
        i
        for i in range(WRONG_ROW, len(rows))
        if rows[i].configuration.cpu_mhz == 1800
        and rows[i].configuration.edge_accelerator == "off"
        and rows[i].configuration.split_point == 7
    )
    slow = quick_space().nearest(7, dict(rows[at].configuration.knobs) | {"cpu_mhz": 600})
    wrong = testbed.measure(slow)
    rows[at] = dataclasses.replace(wrong, configuration=rows[at].configuration)
    path = tmp_path_factory.mktemp("table") / "runs.parquet"
    write_runs(path, rows, model="digits_cnn", last_split_point=7)
    (path.parent / "wrong_row").write_text(str(at))
    return path


def run(tmp_path: Path, experiment: str, *overrides: str) -> Path:
    place = (f"results_dir={tmp_path}", "tracking=none")
    done = command_line(f"+experiment={experiment}", *place, *overrides)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / experiment).iterdir()
    return folder


@pytest.mark.medium
def test_the_audit_finds_the_wrongly_clocked_row_and_cleans_it(table, tmp_path):
    folder = run(tmp_path, "audit_runs", f"runs={table}", "audit.clean=true")
    rows = json.loads((folder / "audit.json").read_text())["rows"]
    wrong = int((table.parent / "wrong_row").read_text())
    serious = {r["index"] for r in rows if r["check"] == "frequency" and r["severity"] == "high"}
    assert serious == {wrong}
    assert set(rows[0]) >= {"index", "check", "expected", "found", "severity"}
    assert (folder / "audit.png").stat().st_size > 5000
    assert len(read_runs(folder / "cleaned.parquet")) < len(read_runs(table))


@pytest.mark.medium
def test_a_fitted_profile_serves_as_one(table, tmp_path):
    folder = run(tmp_path, "fit_profile", f"runs={table}")
    errors = json.loads((folder / "fit.json").read_text())
    assert errors["latency_medape_pct"] < 1
    assert errors["energy_medape_pct"] < 2
    fitted = load_profile(str(folder / "profile.yaml"))
    assert fitted.made_up is True
    expected = PROFILE.latency_ms("digits_cnn", 3, 1400, "off", True)
    assert fitted.latency_ms("digits_cnn", 3, 1400, "off", True) == pytest.approx(
        expected, rel=0.03
    )


@pytest.mark.medium
def test_a_network_without_runs_is_predicted_and_served(tmp_path):
    """From a file of multiply-accumulates to a front, on the packaged testbed's law."""
    macs = tmp_path / "macs.csv"
    rows = [f"{k},{500 * k},{3000 - 500 * k},{(6 - k) * 100}" for k in range(7)]
    macs.write_text("\n".join(["split_point,head_mmac,tail_mmac,tensor_kb", *rows]))
    words = (f"fit.macs={macs}", "fit.profile=pi4_coral_v100", "fit.network=mine")
    folder = run(tmp_path / "fit", "fit_profile", *words)
    assert json.loads((folder / "fit.json").read_text())["network"] == "mine"
    folder = run(
        tmp_path / "planned",
        "vgg16_testbed",
        "hosts=modelled",
        f"hosts.profile={folder / 'profile.yaml'}",
        "model.name=mine",
        "search.trials=20",
        "workload.requests=10",
        "tracking=none",
    )
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["model"], summary["search"]["space_size"]) == ("mine", 91)


@pytest.mark.medium
def test_a_replay_writes_what_an_experiment_writes(table, tmp_path):
    folder = run(
        tmp_path,
        "replay",
        f"runs={table}",
        "workload.requests=5000",
        "replay.keep_requests=20",
        "policies=[dynasplit,cloud_only]",
    )
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["hosts"], summary["emulated"]) == ("recorded", True)
    block = summary["policies"]["dynasplit"]
    assert block["requests"] == 5000
    low, high = block["confidence_95"]["met_pct"]
    assert low <= block["met_pct"] <= high
    unseen = summary["out_of_sample"]
    assert unseen["repeated_configurations"] == 112
    other = unseen["policies"]["dynasplit"]
    assert other["met_pct"] == pytest.approx(block["met_pct"], abs=8)
    assert other["energy_j"]["mean"] == pytest.approx(block["energy_j"]["mean"], rel=0.05)
    assert other["latency_ms"] != block["latency_ms"]
    assert unseen["divisions"] == 5
    low, high = other["met_pct_range"]
    assert low <= other["met_pct"] <= high
    assert low < high
    assert len(read_requests(folder / "requests.parquet").rows) == 40
    assert (folder / "front.png").is_file()


@pytest.mark.medium
def test_the_benchmark_compares_searches_over_seeds(table, tmp_path):
    folder = run(
        tmp_path,
        "search_benchmark",
        f"runs={table}",
        "benchmark.seeds=2",
        "benchmark.algorithms=[nsga3,random]",
        "search.trials=20",
    )
    found = json.loads((folder / "benchmark.json").read_text())
    assert (found["space_size"], found["seeds"]) == (112, 2)
    for lists in found["algorithms"].values():
        assert {len(values) for values in lists.values()} == {20}
        assert lists["evaluations"] == list(range(1, 21))
        volumes = lists["hypervolume_median"]
        assert volumes == sorted(volumes)
        assert 0 < volumes[-1] <= 1 + 1e-9
    assert (folder / "benchmark.png").is_file()


@pytest.mark.medium
def test_searches_are_compared_on_made_up_testbeds(tmp_path):
    asked = ("benchmark.testbeds=3", "benchmark.seeds=2", "benchmark.largest=200")
    few = ("benchmark.algorithms=[nsga3,random]", "benchmark.measurements=20")
    done = command_line(
        "+experiment=search_benchmark",
        *asked,
        *few,
        "benchmark.workers=1",
        f"results_dir={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    assert "nsga3-random" in done.stdout
    assert "no such hosts exist" in " ".join(done.stdout.split())
    (folder,) = (tmp_path / "search_benchmark").iterdir()
    found = json.loads((folder / "benchmark.json").read_text())
    assert len(found["searches"]) == 3 * 2 * 2
    assert {len(one["shares"]) for one in found["searches"]} == {20}
    mine = found["algorithms"]["nsga3"]
    assert list(mine["families"]) == ["reference", "memory_bound", "several_exponents"]
    assert 0 < mine["all"]["pct_10"]["p10"] <= mine["all"]["pct_10"]["median"] <= 1 + 1e-9
    assert mine["all"].keys() >= {"measurements_9", "pct_5"}
    assert found["against"]["nsga3-random"]["pct_10"]["testbeds"] == 3
    assert (folder / "benchmark.png").is_file()


def test_made_up_testbeds_that_cannot_be_are_refused_in_a_line(tmp_path):
    place = ("+experiment=search_benchmark", "benchmark.testbeds=2", f"results_dir={tmp_path}")
    done = command_line(*place, "benchmark.smallest=600")
    assert done.returncode == 2
    assert "allowed: a largest space of at least twice the smallest one" in done.stderr
    done = command_line(*place, "benchmark.families=[odd]")
    assert done.returncode == 2
    assert "memory_bound" in done.stderr


@pytest.mark.parametrize("experiment", ["audit_runs", "fit_profile", "replay", "search_benchmark"])
def test_without_a_table_each_says_what_it_needs(experiment, tmp_path):
    done = command_line(f"+experiment={experiment}")
    assert done.returncode == 2
    assert f"+experiment={experiment} needs runs=FILE" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.medium
@pytest.mark.timeout(120)
def test_each_is_one_run_in_mlflow_named_by_its_table(table, tmp_path):
    from mlflow.tracking import MlflowClient

    benchmark = ("benchmark.seeds=1", "benchmark.algorithms=[random]", "search.trials=5")
    asked = {
        "replay": ("workload.requests=50", "replay.divisions=0"),
        "audit_runs": (),
        "fit_profile": (),
        "account": ("workload.requests=50",),
        "search_benchmark": benchmark,
    }
    for name, words in asked.items():
        done = command_line(
            f"+experiment={name}", f"runs={table}", f"results_dir={tmp_path}", *words
        )
        assert done.returncode == 0, done.stderr
        assert "In MLflow: mlflow ui" in done.stdout.splitlines()[-1]
    store = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(store)
    metrics = {
        "replay": "dynasplit.met_pct",
        "audit_runs": "audit.doubtful",
        "fit_profile": "fit.latency_medape_pct",
        "account": "dynasplit.by_wall.energy_j_mean",
        "search_benchmark": "random.hypervolume",
    }
    for name, metric in metrics.items():
        there = client.get_experiment_by_name(name)
        (run,) = client.search_runs([there.experiment_id])
        assert run.info.status == "FINISHED"
        label = f"{table.parent.parent.name} {table.parent.name}"
        assert run.info.run_name == f"{name} · {label} · seed 0"
        assert metric in run.data.metrics, sorted(run.data.metrics)
        assert [i.dataset.name for i in run.inputs.dataset_inputs] == ["runs.parquet"]
        assert run.data.tags["mlflow.note.content"]
        (folder,) = (tmp_path / name).iterdir()
        kept = {path.name for path in folder.iterdir()} - {"run.json", "mlflow_run_id"}
        assert kept <= {path.name for path in artifacts_of(store, run).iterdir()}
    (bench,) = client.search_runs([client.get_experiment_by_name("search_benchmark").experiment_id])
    steps = client.get_metric_history(bench.info.run_id, "random.hypervolume")
    assert [m.step for m in steps] == [1, 2, 3, 4, 5]
