"""A run with faults says so wherever its figures go, and comes again as it was."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

FAULTS = (
    "hosts.faults=[{fault: lagging_meter, lag_s: 0.5}, {fault: lying_frequency, mhz: 1000}, "
    "{fault: other_load, host: cloud, after_s: 80, share: 0.5}]"
)
GATES = [f"measure.gates.{name}.action=off" for name in ("felt", "background")]
"""They would name the faults too; here it is shown how a run says what its hosts were given."""
TOLD = [
    "with the fault lagging_meter on edge (lag_s 0.5)",
    "with the fault lying_frequency on edge (mhz 1000)",
    "with the fault other_load on cloud (share 0.5, load_w 1, after_s 80)",
]
FLAGS = ["fault_lagging_meter", "fault_lying_frequency", "fault_other_load"]


def run(folder: Path, *words: str) -> tuple[str, Path]:
    """What a short experiment says, and where its results are."""
    done = subprocess.run(
        [
            *(sys.executable, "run_experiment.py", "+experiment=quick_testbed"),
            *("search=random", "search.trials=6", "search.front_repeats=1"),
            *("workload.requests=2", f"results_dir={folder}", *GATES, *words),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (results,) = (folder / "quick_testbed").glob("*")
    return done.stdout, results


def figures(results: Path) -> pd.DataFrame:
    runs = pd.read_parquet(results / "runs.parquet")
    return runs[["split_point", "cpu_mhz", "latency_ms", "energy_j", "edge_ms", "flags"]]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return folder, *run(folder, FAULTS)


def test_terminal_summary_figures_and_rows_say_it(faulty):
    _, said, results = faulty
    summary = json.loads((results / "summary.json").read_text())
    assert [f"with the fault {f}" for f in summary["faults"]] == TOLD
    for one in TOLD:
        assert said.count(f"The hosts are emulated {one}\n") == 1
    drawn = sorted(results.glob("*.png"))
    assert len(drawn) >= 6
    for path in drawn:
        source = Image.open(path).info["Source"].splitlines()
        assert set(TOLD) <= set(source), path.name
    for flags in figures(results)["flags"]:
        assert set(FLAGS) <= set(flags.split(";"))


def test_mlflow_has_it_as_tags(faulty):
    folder, _, _ = faulty
    with sqlite3.connect(folder / "mlflow.db") as store:
        tags = dict(store.execute("select key, value from tags where key like '%faults'"))
    assert tags["faults"] == str([t.removeprefix("with the fault ") for t in TOLD])
    assert tags["host.edge.faults"].startswith("lagging_meter on edge (lag_s 0.5); lying_freq")
    assert tags["host.cloud.faults"].startswith("other_load on cloud")


def test_a_replay_of_its_table_says_it(faulty, tmp_path):
    _, _, results = faulty
    done = subprocess.run(
        [
            *(sys.executable, "run_experiment.py", "+experiment=replay", f"runs={results}"),
            *(f"results_dir={tmp_path}", "workload.requests=20"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for path in tmp_path.glob("*/*/*.png"):
        source = Image.open(path).info["Source"]
        for flag in FLAGS:
            assert f"with the fault {flag.removeprefix('fault_')}" in source, path.name


def test_the_same_command_gives_the_same_figures(faulty, tmp_path):
    _, _, results = faulty
    _, again = run(tmp_path, FAULTS, "tracking=none", "figures.draw=false")
    pd.testing.assert_frame_equal(figures(again), figures(results), rtol=1e-9)
