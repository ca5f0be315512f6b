import dataclasses
import logging
from pathlib import Path

import pytest

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.events import Finished
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.recorder import Recorder, RunFacts, absolute_uri, open_recorder
from dynasplit.recorder.points import flattened, of_configuration, of_summary
from dynasplit.run.journal import Journal


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


def served_by(policy, count):
    return [
        ServedRequest(
            request=i, network="n", policy=policy, threshold_ms=12.0, measurement=measured(i)
        )
        for i in range(count)
    ]


SUMMARY = {"hosts": "emulated", "search": {"configurations_measured": 3, "note": None}}


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="allowed: mlflow, none"):
        open_recorder("wandb", uri="x", facts=facts(tmp_path), journal=Journal())


def test_none_records_nothing(tmp_path):
    made = open_recorder("none", uri="sqlite:///x.db", facts=facts(tmp_path), journal=Journal())
    with made as recorder:
        recorder(Finished("repeats"))
        recorder.summary(SUMMARY)
        recorder.policy("fastest", {}, served_by("fastest", 2))
        recorder.artifacts(tmp_path)
    assert type(recorder) is Recorder
    assert not list(tmp_path.iterdir())


def test_names_and_points(tmp_path, monkeypatch):
    assert dict(flattened({"a": {"b": 1, "c": {"d": [2]}}, "e": None}, ".")) == {
        "a.b": 1,
        "a.c.d": [2],
        "e": None,
    }
    numbers, words = of_summary({"a": {"x_ms": 2, "is": True, "none": None}, "b": "word"})
    assert numbers == [("a/x_ms", 2.0, 0)]
    assert words == {"a/is": "True", "b": "word"}
    from dynasplit.core.measurement import summarise

    runs = [measured(0, i, 10.0 + i) for i in range(3)]
    runs[1] = dataclasses.replace(runs[1], channels={"edge_wall_j": 2.5})
    points = list(of_configuration(summarise(runs)[0], runs))
    assert ("runs/channel_edge_wall_j", 2.5, 1) in points
    assert ("latency_ms", 11.0, 0) in points
    assert [p for p in points if p[0] == "runs/latency_ms"] == [
        ("runs/latency_ms", 10.0 + i, i) for i in range(3)
    ]
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


def of_kind(runs, kind):
    return {r.info.run_name: r for r in runs if r.data.tags["dynasplit.kind"] == kind}


@pytest.mark.medium
def test_a_run_is_recorded_whole(tmp_path, store, client):
    folder = tmp_path / "run"
    about = facts(folder, experiment="whole")
    (folder / "traces").mkdir()
    (folder / "traces" / "1.npz").write_bytes(b"1")
    (folder / "front.png").write_bytes(b"2")
    journal = journal_of(3, repeats=2)
    with open_recorder("mlflow", uri=store, facts=about, journal=journal) as recorder:
        recorder(Finished("search"))
        assert len(runs_of(client, "whole")) == 1
        recorder(Finished("repeats"))
        recorder.policy("fastest", {"met_pct": 98.0}, served_by("fastest", 300))
        recorder.summary(SUMMARY)
        recorder.artifacts(folder / "traces", folder / "front.png")
    assert recorder.trouble is None
    runs = runs_of(client, "whole")
    (parent,) = of_kind(runs, "run").values()
    assert parent.info.status == "FINISHED"
    assert parent.data.params == {"seed": "3", "search.name": "nsga3", "search.fraction": "0.2"}
    assert parent.data.metrics == {"search/configurations_measured": 3.0}
    tags = parent.data.tags
    assert (tags["emulated"], tags["hosts"]) == ("true", "emulated")
    assert (tags["dynasplit.identity"], tags["mlflow.source.git.commit"]) == ("1a2b", "abc123")
    found = {a.path for a in client().list_artifacts(parent.info.run_id)}
    assert found == {"config.yaml", "traces", "front.png"}
    nested = of_kind(runs, "configuration")
    assert len(nested) == 3
    one = nested["split_point=2 cpu_mhz=600"]
    assert one.data.params == {"split_point": "2", "cpu_mhz": "600"}
    assert one.data.metrics["latency_ms"] == 12.5
    assert one.data.tags["mlflow.parentRunId"] == parent.info.run_id
    history = client().get_metric_history(one.info.run_id, "runs/latency_ms")
    assert [(m.step, m.value) for m in history] == [(0, 12.0), (1, 13.0)]
    (policy,) = of_kind(runs, "policy").values()
    assert policy.data.metrics["met_pct"] == 98.0
    assert len(client().get_metric_history(policy.info.run_id, "requests/met")) == 300


@pytest.mark.medium
def test_a_run_that_is_continued_goes_on_in_the_same_mlflow_run(tmp_path, store, client):
    about = facts(tmp_path / "run", experiment="continued")
    with (
        pytest.raises(KeyboardInterrupt),
        open_recorder("mlflow", uri=store, facts=about, journal=journal_of(2)),
    ):
        raise KeyboardInterrupt
    (parent,) = of_kind(runs_of(client, "continued"), "run").values()
    assert parent.info.status == "KILLED"
    assert len(of_kind(runs_of(client, "continued"), "configuration")) == 2
    again = dataclasses.replace(about, config={**about.config, "seed": "other", "new": 1})
    for _ in range(2):
        with open_recorder("mlflow", uri=store, facts=again, journal=journal_of(3, 2)) as recorder:
            recorder(Finished("repeats"))
            recorder.policy("fastest", {"met_pct": 50.0})
    assert recorder.trouble is None
    runs = runs_of(client, "continued")
    assert len(runs) == 1 + 3 + 1
    (same,) = of_kind(runs, "run").values()
    assert same.info.run_id == parent.info.run_id
    assert same.info.status == "FINISHED"
    assert same.data.params["new"] == "1"
    nested = of_kind(runs, "configuration")["split_point=0 cpu_mhz=600"]
    assert nested.data.metrics["latency_ms"] == 10.5
    fresh = facts(tmp_path / "anew", experiment="continued")
    copied = dataclasses.replace(about, token="its own")
    for number, other in enumerate([fresh, copied, copied], start=2):
        with open_recorder("mlflow", uri=store, facts=other, journal=Journal()):
            pass
        kinds = [r.data.tags["dynasplit.kind"] for r in runs_of(client, "continued")]
        assert kinds.count("run") == min(number, 3)


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
    assert sorted(r.info.status for r in runs_of(client, "failed")) == ["FAILED", "FINISHED"]
