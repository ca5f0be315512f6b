"""What is said and kept of several jobs: passwords, and jobs that a launcher took elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hydra.errors import MissingConfigException

import dynasplit
from dynasplit.app.cli.hydra_errors import refusal
from dynasplit.core.errors import ResultsError
from experiments import two_phase
from tests.commands import command_line

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["hosts=modelled", "search.trials=3", "search.front_repeats=0", "workload.requests=2"]

QUICK = ["+experiment=quick_testbed", *SMALL, "tracking=none", "figures.draw=false"]


def everything_below(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


@pytest.mark.medium
@pytest.mark.fault(
    group="command line",
    fault="a password in `tracking.uri`",
    seen="`***`",
    kept="it is written nowhere",
)
def test_a_password_is_neither_printed_nor_kept(tmp_path):
    """Two jobs: one has it from the command line, the other from the environment; no one hears."""
    words = ["+experiment=quick_testbed", *SMALL, f"results_dir={tmp_path}/results"]
    uri = "http://me:s3cr3t@127.0.0.1:9"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"{uri}/env"}
    several = [f"tracking.uri={uri}/said,${{oc.env:MLFLOW_TRACKING_URI}}"]
    told = subprocess.run(
        [sys.executable, "run_experiment.py", "-m", *words, *several],
        cwd=ROOT,
        env=environment | {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        capture_output=True,
        text=True,
    )
    said = told.stdout + told.stderr
    assert told.returncode == 0, said
    assert "Job 1 of 2: " in said
    assert said.count("MLflow at http://me:***@127.0.0.1:9/said failed") == 1
    assert said.count("MLflow at http://me:***@127.0.0.1:9/env failed") == 1
    assert "--backend-store-uri" not in said  # nothing is to be seen there
    assert (tmp_path / "results/multirun.yaml").is_file()
    assert "s3cr3t" not in said + everything_below(tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["--cfg", "job"],
        ["--cfg", "all"],
        ["tracking.kind=nope"],
        ["tracking.uri=https://me:s3cr3t=@h"],
        ["tracking.uri=https://me:s3cr3t#@h"],
        ["tracking.uri=https://me:s3cr3t (@h"],
        ["tracking.uri='https://me:s3cr3t x@h'"],
        ["+tracking.url=https://me:s3cr3t@h"],
        ["tracking.uri=https://s3cr3t@host", "--cfg", "job"],
        ["tracking.uri=https://s3cr3t#@host"],
        ["search.storage=https://s3cr3t@host", "tracking.kind=nope"],
        ["-m", "seed=0,x"],
    ],
)
@pytest.mark.fault(
    group="command line",
    fault="a password in a command that is refused",
    seen="the refusal without it",
    kept="it is written nowhere",
)
def test_nor_is_it_where_something_else_is_wrong_or_asked(tmp_path, words):
    uri = "tracking.uri=https://me:s3cr3t@host"
    told = command_line("+experiment=quick_testbed", uri, f"results_dir={tmp_path}", *words)
    assert told.stdout + told.stderr
    assert "s3cr3t" not in told.stdout + told.stderr + everything_below(tmp_path)


@pytest.mark.medium
def test_nor_is_it_in_a_traceback_that_is_asked_for(tmp_path):
    words = ["tracking.uri=https://me:s3cr3t#@host", "debug=true"]
    command = [sys.executable, "run_experiment.py", "+experiment=quick_testbed", *words]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 1
    assert "OverrideParseException: " in told.stderr
    assert "https://me:***@host" in told.stderr
    assert "s3cr3t" not in told.stdout + told.stderr


LAUNCHER = '''
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.plugins.launcher import Launcher


@dataclass
class Conf:
    _target_: str = "hydra_plugins.toy.Toy"
    kept: int = 0


class Toy(Launcher):
    """Runs the first jobs here, as many as it keeps; the others as if elsewhere."""

    def __init__(self, kept):
        self.kept = kept

    def setup(self, *, hydra_context, task_function, config):
        from hydra._internal.core_plugins.basic_launcher import BasicLauncher

        self.basic = BasicLauncher()
        self.basic.setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def launch(self, job_overrides, initial_job_idx):
        return self.basic.launch(job_overrides[: self.kept], initial_job_idx)


ConfigStore.instance().store(group="hydra/launcher", name="toy", node=Conf, provider="toy")
'''


def with_toy(folder: Path, *words: str, kept: int) -> subprocess.CompletedProcess:
    """Two jobs by a launcher that runs so many of them."""
    (folder / "hydra_plugins").mkdir(exist_ok=True)
    (folder / "hydra_plugins/toy.py").write_text(LAUNCHER)
    launcher = [
        "hydra/launcher=toy",
        f"hydra.launcher.kept={kept}",
        f"results_dir={folder}/results",
    ]
    return subprocess.run(
        [sys.executable, "run_experiment.py", "-m", *QUICK, "seed=0,1", *launcher, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.fault(
    group="command line",
    fault="a launcher that does not bring all jobs back",
    seen="`hydra/launcher=toy was handed 2 jobs, of which 1 came back`, exit code 1",
    kept="the job that came back; the same command runs the other alone",
)
def test_jobs_that_a_launcher_loses_are_missed(tmp_path):
    assert "Job 2 of 2" in with_toy(tmp_path, "dry_run=true", kept=0).stdout  # told here
    lost = with_toy(tmp_path, kept=1)
    assert lost.returncode == 1
    assert lost.stderr.startswith(
        "Error: hydra/launcher=toy was handed 2 jobs, of which 1 came back. "
    )
    assert "1 of 2 jobs of sweep quick_testbed_" in lost.stdout
    assert "Job 2 (seed=1) not finished" in lost.stdout
    again = with_toy(tmp_path, kept=1)
    assert (again.returncode, again.stderr) == (0, "")
    assert "1 of 2 jobs are finished, and not run again" in again.stdout
    assert "Job 2 of 2 (seed=1): finished" in again.stdout
    assert "Job 1 of 2" not in again.stdout
    assert len(list((tmp_path / "results/quick_testbed").iterdir())) == 2


@pytest.mark.medium
@pytest.mark.parametrize(("hosts", "is_refused"), [("emulated", True), ("modelled", False)])
@pytest.mark.fault(
    group="command line",
    fault="a launcher that runs jobs at the same time, on one set of hosts",
    seen="`hosts=emulated is one set of hosts`, and what is allowed; exit code 2",
    kept="nothing was run",
)
def test_one_set_of_hosts_measures_one_job_at_a_time(tmp_path, hosts, is_refused):
    told = with_toy(tmp_path, f"hosts={hosts}", "dry_run=true", kept=2)
    assert told.returncode == (2 if is_refused else 0)
    said = "hydra/launcher=toy runs jobs at the same time, and hosts=emulated is one set of hosts"
    assert (said in told.stderr) == is_refused
    assert ("allowed: hydra/launcher=basic, or hosts=modelled" in told.stderr) == is_refused


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "joblib",
            "hydra/launcher=joblib is not installed: pip install -r requirements-joblib.txt",
        ),
        ("slurm", "hydra/launcher=slurm: no launcher of this name is installed"),
    ],
)
@pytest.mark.fault(
    group="command line",
    fault="a launcher that is not installed",
    seen="one line: how it is installed, or which there are; exit code 2",
    kept="nothing was run",
)
def test_a_launcher_that_is_not_installed_is_named(name, said):
    lacking = MissingConfigException("no", f"hydra/launcher/{name}", ["basic"])
    assert str(refusal(lacking)) == f"{said}; there are: basic"


def test_an_unknown_launcher_is_refused_by_the_command(tmp_path):
    told = command_line("-m", *QUICK, "hydra/launcher=nope", f"results_dir={tmp_path}")
    assert told.returncode == 2
    assert told.stderr.startswith("Error: hydra/launcher=nope: no launcher of this name")


@pytest.mark.slow
def test_one_job_that_fails_leaves_an_answer_of_the_others(tmp_path, monkeypatch):
    """Started again, it alone is run."""
    run = two_phase.run

    def failing(config):
        if config.seed == 1:
            raise ResultsError("the disk has gone")
        run(config)

    monkeypatch.setattr(two_phase, "run", failing)
    words = ["-m", *QUICK, "seed=0,1,2", f"results_dir={tmp_path}"]
    told = command_line(*words)
    assert told.returncode == 1
    assert "2 of 3 jobs of sweep" in told.stdout
    assert "Job 2 (seed=1) failed: the disk has gone" in told.stdout
    (folder,) = (tmp_path / "sweeps").iterdir()
    jobs = pd.read_parquet(folder / "jobs.parquet")
    assert list(jobs["state"]) == ["finished", "failed", "finished"]
    monkeypatch.setattr(two_phase, "run", run)
    again = command_line(*words)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.count("\nJob ") == 1
    assert [p.name for p in (tmp_path / "sweeps").iterdir()] == [folder.name]
    jobs = pd.read_parquet(folder / "jobs.parquet")
    assert list(jobs["state"]) == ["finished before", "finished", "finished before"]
    figures = pd.read_parquet(folder / "sweep.parquet").set_index("policy")
    runs = dynasplit.open_runs(tmp_path / "quick_testbed/*").summary
    met = runs[runs["policy"] == "dynasplit"]["met_pct"].astype(float)
    assert figures["runs"].unique().tolist() == [3]
    assert figures["met_pct"]["dynasplit"] == pytest.approx(met.mean())
    half = 4.302653 * met.std() / 3**0.5  # Student's quantile of 2 degrees of freedom
    assert figures["met_pct_low"]["dynasplit"] == pytest.approx(max(0, met.mean() - half))


@pytest.mark.slow
def test_more_seeds_run_the_new_ones_alone(tmp_path):
    words = ["-m", *QUICK, f"results_dir={tmp_path}"]
    assert command_line(*words, "seed=0").returncode == 0
    more = command_line(*words, "seed=0,1")
    assert "1 of 2 jobs are finished, and not run again" in more.stdout
    assert len(list((tmp_path / "quick_testbed").iterdir())) == 2
    anew = command_line(*words, "seed=0,1", "resume=false")
    assert "not run again" not in anew.stdout
    assert len(list((tmp_path / "quick_testbed").iterdir())) == 4
    assert len(list((tmp_path / "sweeps").iterdir())) == 2
