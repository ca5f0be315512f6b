"""Emulated hosts run a network that their profile has no timings of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dynasplit.tables import read_runs
from hosts.emulation.profile import load_profile

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.medium
@pytest.mark.timeout(240)
def test_boards_take_the_times_that_the_law_predicts(tmp_path):
    words = ["+experiment=quick_testbed", "hosts.profile=pi4_coral_v100", "search=random"]
    few = ["search.fraction=null", "search.trials=3", "search.front_repeats=0", "data.images=10"]
    less = ["workload.requests=1", "policies=[fastest]", "tracking=none"]
    done = subprocess.run(
        [sys.executable, "run_experiment.py", *words, *few, *less, f"results_dir={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Timings of digits_cnn are assumed" in done.stdout
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
