import dataclasses
import json
import logging
import time
from pathlib import Path

import pytest

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.events import Finished, Measured
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.recorder import Recorder, RunFacts, absolute_uri, open_recorder
from dynasplit.recorder.live import LiveFigures
from dynasplit.recorder.points import flattened, of_summary, rows_of_accountings
from dynasplit.run.journal import Journal
from tests.recorded import artifacts_of, table_of


def measured(split_point, repeat=0, latency_ms=10.0):
    return Measurement(
        configuration=Configuration.of(split_point, cpu_mhz=600),
        repeat=repeat,
        source="emulated",
        latency_ms=latency_ms,
        energy_j=2.0,
    )


def journal_of(configurations, repeats=1):
    journal = Journal()
    for repeat in range(repeats):
        for k in range(configurations):
            journal.append(measured(k, repeat, 10.0 + k + repeat))
    return journal


def facts(folder: Path, **changes) -> RunFacts:
    folder.mkdir(exist_ok=True)
    config = {"seed": 3, "search": {"name": "nsga3", "fraction": 0.2}}
    made = RunFacts("vgg16", "first", "1a2b", config, folder, "t0k", "abc123", {"emulated": "true"})
    return dataclasses.replace(made, **changes)


SUMMARY = {
    "hosts": "emulated",
    "search": {"configurations_measured": 3, "note": None},
    "policies": {
        "fastest": {
            "met_pct": 98.0,
            "energy_j": {"mean": None},
            "confidence_95": {"met_pct": [90.0, 99.5]},
        }
    },
    "by_accounting": {"wall": {"policies": {"fastest": {"energy_j_mean": 3.0}}}},
}


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="allowed: mlflow, server, none"):
        open_recorder("wandb", uri="x", facts=facts(tmp_path), journal=Journal())


def test_none_records_nothing(tmp_path):
    made = open_recorder("none", uri="sqlite:///x.db", facts=facts(tmp_path), journal=Journal())
    with made as recorder:
        recorder(Finished("repeats"))
        recorder.summary(SUMMARY)
        recorder.configurations(None)
        recorder.describe("words")
        recorder.artifacts(tmp_path)
    assert type(recorder) is Recorder
    assert not list(tmp_path.iterdir())


def test_names_and_figures(tmp_path, monkeypatch):
    assert dict(flattened({"a": {"b": 1, "c": {"d": [2]}}, "e": None}, ".")) == {
        "a.b": 1,
        "a.c.d": [2],
        "e": None,
    }
    numbers, words = of_summary(SUMMARY | {"a": {"x_ms": 2, "is": True, "none": None}})
    assert numbers == [
        ("search.configurations_measured", 3.0, 0),
        ("a.x_ms", 2.0, 0),
        ("fastest.met_pct", 98.0, 0),
        ("fastest.by_wall.energy_j_mean", 3.0, 0),
    ]
    assert words == {"hosts": "emulated", "a.is": "True"}
    (row,) = rows_of_accountings(SUMMARY["by_accounting"])
    assert (row["accounting"], row["policy"], row["energy_j_mean"]) == ("wall", "fastest", 3.0)
    monkeypatch.chdir(tmp_path)
    assert absolute_uri("sqlite:///results/m.db") == f"sqlite:///{tmp_path}/results/m.db"
    assert absolute_uri("http://host:5000") == "http://host:5000"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A tracking store, made once; each test has its own experiment in it."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture
def client(store):
    from mlflow.tracking import MlflowClient

    return lambda: MlflowClient(store)


def runs_of(client, experiment):
    there = client().get_experiment_by_name(experiment)
    return client().search_runs([there.experiment_id], max_results=1000)


@pytest.mark.medium
def test_a_run_is_recorded_whole(tmp_path, store, client):
    folder = tmp_path / "run"
    about = facts(
        folder,
        experiment="whole",
        dataset="digits",
        dataset_sha256="5e1f" * 16,
        progress=lambda measured: {"front_size": len(measured)},
    )
    (folder / "front.png").write_bytes(b"2")
    journal = Journal()
    with open_recorder("mlflow", uri=store, facts=about, journal=journal) as recorder:
        for number, one in enumerate(journal_of(3, repeats=2).measurements(), start=1):
            journal.append(one)
            recorder(Measured("search", one, number, 6))
        recorder(Finished("search"))
        recorder.configurations({Configuration.of(1, cpu_mhz=600)})
        recorder.summary(SUMMARY)
        recorder.describe("**found** ![front](front.png)")
        recorder.artifacts(folder / "front.png")
    assert recorder.trouble is None
    (run,) = runs_of(client, "whole")
    there = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    assert recorder.place == f"{there}?workflowType=machine_learning"
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "first"
    assert run.data.params == {"seed": "3", "search.name": "nsga3", "search.fraction": "0.2"}
    assert run.data.metrics["fastest.met_pct"] == 98.0
    assert run.data.metrics["search.configurations_measured"] == 3.0
    tags = run.data.tags
    assert (tags["emulated"], tags["hosts"]) == ("true", "emulated")
    assert (tags["dynasplit.identity"], tags["mlflow.source.git.commit"]) == ("1a2b", "abc123")
    picture = f"![front](get-artifact?path=front.png&run_uuid={run.info.run_id})"
    assert tags["mlflow.note.content"].startswith(f"**found** {picture}\n\n[All runs](#/exp")
    assert tags["mlflow.source.name"] == "run_experiment.py"
    assert [one["path"] for one in json.loads(tags["mlflow.loggedArtifacts"])] == [
        "configurations.json",
        "policies.json",
        "accountings.json",
    ]
    (images,) = [i.dataset for i in run.inputs.dataset_inputs]
    assert (images.name, images.digest) == ("digits", "5e1f5e1f")
    found = {path.name for path in artifacts_of(store, run).iterdir()}
    tables = {"configurations.json", "policies.json", "accountings.json"}
    assert found == {"config.yaml", "front.png", *tables}
    table = table_of(store, run, "configurations")
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert [(r["split_point"], r["on_front"]) for r in rows] == [(1, True), (0, False), (2, False)]
    assert (rows[2]["latency_ms"], rows[2]["runs"]) == (12.5, 2)
    live = {
        name: [(m.step, m.value) for m in client().get_metric_history(run.info.run_id, name)]
        for name in ("live.measured", "live.last_latency_ms", "live.front_size")
    }
    assert live["live.measured"] == [(n, float(n)) for n in range(1, 7)]
    assert live["live.last_latency_ms"][0] == (1, 10.0)
    assert live["live.front_size"][-1] == (6, 6.0)


def test_live_figures_are_due_once_a_second():
    now = [100.0]
    live = LiveFigures(lambda: now[0])
    assert not live.is_due()
    live.add(measured(0), 1)
    assert live.is_due()  # so the first one is seen at once
    assert ("live.last_latency_ms", 10.0, 1) in live.taken()
    live.add(measured(1), 2, 0.25)
    assert not live.is_due()
    now[0] += 1.0
    assert live.is_due()
    assert ("live.expected_gain", 0.25, 2) in live.taken()


@pytest.mark.medium
def test_a_measurement_is_seen_within_ten_seconds_though_none_follows(tmp_path, store, client):
    about, journal = facts(tmp_path / "run", experiment="slow"), Journal()
    with open_recorder("mlflow", uri=store, facts=about, journal=journal) as recorder:
        for number in range(2):  # the second one comes too soon after the first
            journal.append(measured(number))
            recorder(Measured("search", measured(number), number + 1, 9, 0.5))
        (run,) = runs_of(client, "slow")
        until_s = time.monotonic() + 10.0
        while len(history(client, run, "live.last_latency_ms")) < 2:
            assert time.monotonic() < until_s
            time.sleep(0.1)
        assert history(client, run, "live.expected_gain") == [(1, 0.5), (2, 0.5)]


def history(client, run, name):
    return [(m.step, m.value) for m in client().get_metric_history(run.info.run_id, name)]


@pytest.mark.medium
def test_a_run_that_is_continued_goes_on_in_the_same_mlflow_run(tmp_path, store, client):
    about = facts(tmp_path / "run", experiment="continued")
    with (
        pytest.raises(KeyboardInterrupt),
        open_recorder("mlflow", uri=store, facts=about, journal=journal_of(2)),
    ):
        raise KeyboardInterrupt
    (run,) = runs_of(client, "continued")
    assert run.info.status == "KILLED"
    assert len(table_of(store, run, "configurations")["data"]) == 2
    again = dataclasses.replace(about, config={**about.config, "seed": "other", "new": 1})
    for _ in range(2):
        with open_recorder("mlflow", uri=store, facts=again, journal=journal_of(3, 2)) as recorder:
            recorder.configurations(set())
            recorder.summary(SUMMARY)
    assert recorder.trouble is None
    (same,) = runs_of(client, "continued")
    assert same.info.run_id == run.info.run_id
    assert same.info.status == "FINISHED"
    assert same.data.params["new"] == "1"
    assert len(table_of(store, same, "configurations")["data"]) == 3
    assert table_of(store, same, "policies")["data"] == [["fastest", 98.0, None, 90.0, 99.5]]
    fresh = facts(tmp_path / "anew", experiment="continued", token="another")
    copied = dataclasses.replace(about, token="its own")
    for number, other in enumerate([fresh, copied, copied], start=2):
        with open_recorder("mlflow", uri=store, facts=other, journal=Journal()):
            pass
        assert len(runs_of(client, "continued")) == min(number, 3)


@pytest.mark.medium
@pytest.mark.fault(
    group="room",
    fault="MLflow's store is gone",
    seen="one warning, with where the files are",
    kept="all results in the run's folder",
)
@pytest.mark.parametrize("name", ["not_a_folder/mlflow.db", "a_folder"])
def test_an_outage_of_the_store_does_not_end_the_run(tmp_path, caplog, name):
    (tmp_path / "not_a_folder").touch()
    (tmp_path / "a_folder").mkdir()
    uri = f"sqlite:///{tmp_path}/{name}"
    about = facts(tmp_path / "run")
    with (
        caplog.at_level(logging.WARNING),
        open_recorder("mlflow", uri=uri, facts=about, journal=journal_of(2)) as recorder,
    ):
        recorder(Finished("repeats"))
        recorder.summary(SUMMARY)
        recorder.artifacts(tmp_path / "run")
    assert recorder.trouble
    warnings = [r for r in caplog.records if r.name.startswith("dynasplit")]
    assert len(warnings) == 1
    assert str(tmp_path / "run") in warnings[0].getMessage()


@pytest.mark.medium
@pytest.mark.fault(
    group="room",
    fault="MLflow's database is removed in the midst of a run",
    seen="one warning, and no traceback of MLflow's",
    kept="all results in the run's folder",
)
def test_a_store_that_goes_in_the_midst_is_one_warning(tmp_path, caplog, capfd):
    database = tmp_path / "mlflow.db"
    about, uri = facts(tmp_path / "run"), f"sqlite:///{database}"
    with open_recorder("mlflow", uri=uri, facts=about, journal=journal_of(2)) as recorder:
        assert recorder.trouble is None
        caplog.clear()
        capfd.readouterr()
        database.unlink()
        recorder(Finished("repeats"))
        recorder.summary(SUMMARY)
    assert recorder.trouble
    assert len([r for r in caplog.records if r.name.startswith("dynasplit")]) == 1
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "mlflow.store" not in said.out + said.err


@pytest.mark.medium
def test_a_run_that_fails_is_recorded_as_such(tmp_path, store, client):
    about = facts(tmp_path / "run", experiment="failed")
    with (
        pytest.raises(ZeroDivisionError),
        open_recorder("mlflow", uri=store, facts=about, journal=journal_of(1)),
    ):
        raise ZeroDivisionError
    assert [r.info.status for r in runs_of(client, "failed")] == ["FAILED"]
