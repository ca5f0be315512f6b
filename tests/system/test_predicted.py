"""Emulated hosts run a network that their profile has no timings of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_runs
from hosts.emulation.profile import load_profile

ROOT = Path(__file__).resolve().parents[2]


FEW = ["search=random", "search.fraction=null", "search.trials=3", "search.front_repeats=0"]
LESS = [
    "data.images=10",
    "workload.requests=1",
    "policies=[fastest]",
    "tracking=none",
    "figures.draw=false",
]


def ran(folder: Path, *words: str) -> str:
    command = [sys.executable, "run_experiment.py", "+experiment=quick_testbed", *FEW, *LESS]
    done = subprocess.run(
        [*command, "hosts.profile=pi4_coral_v100", *words, f"results_dir={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.medium
@pytest.mark.timeout(240)
def test_boards_take_the_times_that_the_law_predicts(tmp_path):
    assert "Timings of digits_cnn are assumed" in ran(tmp_path)
    (folder,) = (tmp_path / "quick_testbed").glob("*_*")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["predicted"]
    assert summary["emulated"]
    assert summary["policies"]["fastest"]["accuracy_top5"] >= 0.9
    assert 0 <= summary["policies"]["fastest"]["output_mae"] < 0.01
    profile = load_profile(str(folder / "profile.yaml"))
    runs = read_runs(folder / "runs.parquet")
    assert {c.edge_accelerator for c in runs.configurations} == {"off"}
    for run in runs.measurements:
        c = run.configuration
        expected_ms = profile.latency_ms(
            "digits_cnn", c.split_point, float(c.cpu_mhz), "off", c.cloud_gpu
        )
        assert run.latency_ms == pytest.approx(expected_ms, rel=0.45)  # outliers reach 40 %
        assert run.output_mae is not None
        assert run.accuracy_top5 is not None


@pytest.mark.medium
@pytest.mark.timeout(240)
def test_a_network_of_one_s_own_has_its_file_s_name_everywhere(tmp_path):
    import keras

    keras.utils.set_random_seed(3)
    layers = [
        keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
        keras.layers.GlobalAveragePooling2D(name="pool"),
        keras.layers.Dense(10, activation="softmax", name="classes"),
    ]
    keras.Sequential([keras.Input((16, 16, 1)), *layers]).save(tmp_path / "mine.keras")
    said = ran(tmp_path, "model=keras_file", f"model.path={tmp_path / 'mine.keras'}")
    assert "mine.keras with stored weights" in said
    assert "Timings of mine.keras are assumed" in said
    (folder,) = (tmp_path / "quick_testbed").glob("*_*")
    assert json.loads((folder / "summary.json").read_text())["model"] == "mine.keras"
    assert ParetoFront.load(folder / "front.json").model == "mine.keras"
    assert read_runs(folder / "runs.parquet").model == "mine.keras"
    assert "mine.keras" in load_profile(str(folder / "profile.yaml")).networks
