"""Every format of the results is written once before anything is measured."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynasplit.app.setup import trial
from tests.commands import command_line

ROOT = Path(__file__).resolve().parents[3]
SMALL = ["search.trials=3", "search.front_repeats=0", "workload.requests=2", "hosts=modelled"]
RUN = ["+experiment=quick_testbed", *SMALL]


def test_nothing_of_it_is_left(tmp_path):
    trial.try_formats(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.medium
def test_it_writes_what_a_run_leaves(tmp_path, monkeypatch):
    """The formats of a whole run's files, by their endings, are those that are tried."""
    kept = tmp_path / "kept"
    monkeypatch.setattr("tempfile.TemporaryDirectory", lambda **_: Kept(kept))
    trial.try_formats(tmp_path)
    monkeypatch.undo()
    done = command_line(*RUN, "tracking=none", f"results_dir={tmp_path}/results")
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    of_its_own = {".jsonl", ".log"}  # written from the start of a run on
    left = {path.suffix for path in folder.iterdir() if path.is_file()}
    assert left - of_its_own == {path.suffix for path in kept.iterdir()}
    assert all(path.stat().st_size for path in kept.iterdir())


class Kept:
    """A folder that stays."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> str:
        self._path.mkdir(exist_ok=True)
        return str(self._path)

    def __exit__(self, *_: object) -> None:
        pass


MODULES = """
import sys
print("\\n" + " ".join(sys.modules))
"""
TRIAL = """
import pathlib, sys, time
from dynasplit.app.setup.trial import try_formats
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
try_formats(folder)
began_s = time.process_time()
try_formats(folder)
print(time.process_time() - began_s)
"""
WHOLE_RUN = """
import sys
import run_experiment
from dynasplit.app.cli import command
from dynasplit.app.setup import open_run
open_run.try_formats = lambda folder: None
assert command.main(run_experiment.compose) == 0
"""


def printed_by(code: str, *words: str) -> list[str]:
    command = [sys.executable, "-c", code + MODULES, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.medium
def test_it_takes_no_time_and_imports_nothing_that_a_run_does_not_import(tmp_path):
    told, imported = printed_by(TRIAL, str(tmp_path / "folder"))[::2]
    assert float(told) < 0.3
    words = [*RUN, "tracking=none", f"results_dir={tmp_path}/results"]
    by_a_run = set(printed_by(WHOLE_RUN, *words)[-1].split())
    of_trial = {name for name in imported.split() if not name.startswith("__")}
    assert of_trial - by_a_run == set()
    assert "matplotlib" not in of_trial


@pytest.mark.parametrize("library", ["matplotlib", "PIL", "pyarrow.parquet"])
@pytest.mark.fault(
    group="room",
    fault="a results format that cannot be written",
    seen="one message, before anything is measured",
)
def test_a_writer_that_is_missing_is_found_before_anything_is_measured(
    tmp_path, monkeypatch, library
):
    monkeypatch.setitem(sys.modules, library, None)
    if library == "matplotlib":
        monkeypatch.setattr("dynasplit.figures.find_spec", lambda _: None)
    done = command_line(*RUN, "tracking=none", f"results_dir={tmp_path}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert library in done.stderr
    assert "Searching" not in done.stdout
    (folder,) = (tmp_path / "quick_testbed").iterdir()
    assert [path.name for path in folder.iterdir()] == ["run.json"]


@pytest.mark.medium
@pytest.mark.parametrize(("most_bytes", "file"), [(100, "front.json"), (2000, "runs.parquet")])
@pytest.mark.fault(
    group="room",
    fault="no room for the results",
    seen="`cannot be written: ...`, before anything is measured",
    kept="nothing is left of the trial",
)
def test_a_place_without_room_is_found_too(tmp_path, most_bytes, file):
    code = (
        "import pathlib, resource, sys\n"
        "from dynasplit.app.setup.trial import try_formats\n"
        "from dynasplit.core.errors import ResultsError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))\n"
        "try: try_formats(pathlib.Path(sys.argv[1]))\n"
        "except ResultsError as error: print(error)\n"
    )
    said = printed_by(code, str(tmp_path))[0]
    assert f"/{file} cannot be written: " in said
    assert "File too large" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.medium
@pytest.mark.fault(
    group="room",
    fault="MLflow cannot write",
    seen="a warning before anything is measured: `The run goes on without it`",
    kept="all results in the run's folder; no temporary folder",
)
def test_a_store_that_cannot_be_written_is_known_before_anything_is_measured(tmp_path):
    """Tracking tries its store and its files when its run begins; a run goes on without it."""
    results, temporary = tmp_path / "results", tmp_path / "temporary"
    results.mkdir()
    temporary.mkdir()
    (results / "mlflow_artifacts").write_text("no folder")
    command = [sys.executable, "-u", "run_experiment.py", *RUN, f"results_dir={results}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stdout
    assert list(temporary.iterdir()) == []
    (folder,) = (results / "quick_testbed").iterdir()
    assert (folder / "summary.json").is_file()
    assert " failed (" in done.stdout
    assert "The run goes on without it" in done.stdout
    assert 0 < done.stdout.index("MLflow at sqlite:///") < done.stdout.index("Searching")


@pytest.mark.medium
@pytest.mark.parametrize("name", ["a?b/50%41", "s3:x #é&d=e"])
def test_libraries_write_where_the_path_leads(tmp_path, monkeypatch, name):
    """Relative paths, which some take for addresses; the store of MLflow lies there too."""
    monkeypatch.chdir(tmp_path)
    done = command_line(*RUN, f'results_dir="{name}"')
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {name.partition("/")[0]}
    found = {path.name for path in (tmp_path / name).iterdir()}
    assert found == {"quick_testbed", "mlflow.db", "mlflow_artifacts", ".locks"}
