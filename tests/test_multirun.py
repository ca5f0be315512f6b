"""What is said and kept of several jobs: passwords, and jobs that a launcher took elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import command_line

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["hosts=modelled", "search.trials=3", "search.front_repeats=0", "workload.requests=2"]


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


@pytest.mark.medium
@pytest.mark.parametrize("kept", [0, 1, 2])
@pytest.mark.fault(
    group="command line",
    fault="a launcher that takes jobs elsewhere",
    seen="`hydra/launcher=toy was handed 2 jobs`, exit code 2",
    kept="nothing was run",
)
def test_a_launcher_that_takes_jobs_elsewhere_is_refused(tmp_path, kept):
    (tmp_path / "hydra_plugins").mkdir()
    (tmp_path / "hydra_plugins/toy.py").write_text(LAUNCHER)
    words = ["+experiment=quick_testbed", "hosts=modelled", "dry_run=true", "seed=0,1"]
    launcher = ["hydra/launcher=toy", f"hydra.launcher.kept={kept}"]
    told = subprocess.run(
        [sys.executable, "run_experiment.py", "-m", *words, *launcher, f"results_dir={tmp_path}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    if kept == 2:
        assert (told.returncode, told.stderr) == (0, "")
        assert "Job 2 of 2" in told.stdout
    else:
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == (
            f"Error: hydra/launcher=toy was handed 2 jobs, of which {kept} arrived here, and none "
            "was run; allowed: hydra/launcher=basic, which is set if nothing is said\n"
        )
