"""Sweeps as a person runs them: killed and started again, and side by side."""

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

import dynasplit
from dynasplit.run.journal_reading import read_journal

ROOT = Path(__file__).resolve().parents[2]
SMALL = [
    "search.trials=10",
    "search.front_repeats=1",
    "workload.requests=4",
    "tracking=none",
    "figures.draw=false",
]
MODELLED = ["+experiment=quick_testbed", "hosts=modelled", *SMALL]
has_joblib = importlib.util.find_spec("hydra_plugins.hydra_joblib_launcher") is not None
joblib_alone = pytest.mark.skipif(not has_joblib, reason="hydra-joblib-launcher is not installed")


def command(results: Path, *words: str) -> list[str]:
    return [sys.executable, "run_experiment.py", "-m", *MODELLED, *words, f"results_dir={results}"]


def ended(results: Path, *words: str) -> str:
    done = subprocess.run(command(results, *words), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def killed_at(results: Path, journals: int, lines: int, *words: str) -> None:
    """Start a sweep, and kill it with -9 in its so manieth run, which has measured something."""
    started = subprocess.Popen(command(results, *words), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while started.poll() is None:
            found = sorted((results / "quick_testbed").glob("*/journal.jsonl"))
            if len(found) >= journals and found[-1].read_bytes().count(b"\n") >= lines:
                break
            time.sleep(0.005)
        assert started.poll() is None, "it came to its end before it was killed"
        os.kill(started.pid, signal.SIGKILL)
    finally:
        started.kill()
        started.wait()


def finished(results: Path) -> dict[str, str]:
    """The hash of each finished run's journal, by its folder."""
    return {
        path.parent.name: hashlib.sha256((path.parent / "journal.jsonl").read_bytes()).hexdigest()
        for path in (results / "quick_testbed").glob("*/run.json")
        if json.loads(path.read_bytes())["state"] == "finished"
    }


def check_each_measured_once(results: Path) -> None:
    """No run of a configuration is in a journal twice, nor in those of two folders of one job."""
    for path in (results / "quick_testbed").glob("*/journal.jsonl"):
        records = read_journal(path)  # which names lines that say again what is said before
        assert records.damage is None
        keys = {(m.configuration, m.repeat) for m in records.measurements}
        assert len(keys) == len(records.measurements) >= 10


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.fault(
    group="command line",
    fault="a sweep of 12 jobs that is killed with -9, twice",
    seen="started again, how many of its jobs are finished, and not run again",
    kept="all: nothing is measured twice, and there is one answer",
)
def test_a_sweep_that_is_killed_loses_nothing_and_measures_nothing_twice(tmp_path):
    swept = ["seed=0,1,2,3,4,5", "search=random,nsga2"]
    before: dict[str, str] = {}
    for journals, lines in ((3, 4), (8, 9)):
        killed_at(tmp_path, journals, lines, *swept)
        now = finished(tmp_path)
        assert len(now) >= journals - 1
        assert now.items() >= before.items()
        before = now
    said = ended(tmp_path, *swept)
    assert f"{len(before)} of 12 jobs are finished, and not run again" in said
    assert finished(tmp_path).items() >= before.items()
    assert len(finished(tmp_path)) == 12
    assert len(list((tmp_path / "quick_testbed").iterdir())) == 12  # those cut off went on
    check_each_measured_once(tmp_path)
    (folder,) = (tmp_path / "sweeps").iterdir()
    figures = pd.read_parquet(folder / "sweep.parquet")
    assert set(figures["search"]) == {"random", "nsga2"}
    assert set(figures["runs"]) == set(figures["jobs"]) == {6}
    runs = dynasplit.open_runs(tmp_path / "quick_testbed/*").summary
    own = runs[(runs["policy"] == "dynasplit") & (runs["search.algorithm"] == "nsga2")]
    told = figures[(figures["policy"] == "dynasplit") & (figures["search"] == "nsga2")]
    assert told["energy_j_mean"].item() == pytest.approx(own["energy_j_mean"].mean())
    assert (folder / "sweep.png").is_file()
    again = ended(tmp_path, *swept)
    assert "12 of 12 jobs are finished, and not run again" in again
    assert len(list((tmp_path / "quick_testbed").iterdir())) == 12


@joblib_alone
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_jobs_side_by_side_come_to_the_same_answer_and_bear_one_tag(tmp_path):
    swept = ["seed=0,1", "search=random,nsga2"]
    ended(tmp_path / "one", *swept)
    side_by_side = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    said = ended(tmp_path / "two", *swept, *side_by_side, "tracking=mlflow")
    (one,), (two,) = ((tmp_path / n / "sweeps").iterdir() for n in ("one", "two"))
    assert one.name == two.name
    assert (one / "sweep.csv").read_text() == (two / "sweep.csv").read_text()
    assert f"tags.sweep = '{two.name}'" in said
    assert "Serving requests" in (two / "logs/job_3.log").read_text()
    assert "Serving requests" not in said
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path}/two/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == "quick_testbed"]
    found = client.search_runs([experiment.experiment_id], f"tags.sweep = '{two.name}'")
    assert len(found) == 4
    assert {run.info.status for run in found} == {"FINISHED"}


@joblib_alone
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_processes_side_by_side_end_with_the_one_that_began_them(tmp_path):
    """Killed with -9; the same command goes on with what is not finished."""
    swept = ["seed=0,1,2,3", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    started = subprocess.Popen(command(tmp_path, *swept), cwd=ROOT, stdout=subprocess.DEVNULL)
    while started.poll() is None and len(list(tmp_path.glob("quick_testbed/*/journal.jsonl"))) < 2:
        time.sleep(0.01)
    beside = psutil.Process(started.pid).children(recursive=True)
    assert len(beside) >= 2
    started.kill()
    started.wait()
    _, alive = psutil.wait_procs(beside, timeout=20)
    assert not alive
    ended(tmp_path, *swept)
    assert len(finished(tmp_path)) == 4
    assert len(list((tmp_path / "quick_testbed").iterdir())) == 4
    check_each_measured_once(tmp_path)
