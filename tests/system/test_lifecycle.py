"""However a run ends: nothing is left over, and the next start goes on where it stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.processes import left

pytestmark = pytest.mark.medium
SEARCHED = 23  # a fifth of the 112 configurations, rounded up


def command(results: Path, *overrides: str) -> list[str]:
    return [
        sys.executable,
        "run_experiment.py",
        "+experiment=quick_testbed",
        "search.fraction=0.2",
        "workload.requests=2",
        "measure.baseline_s=5",
        "data.images=12",
        "search.front_repeats=1",
        "tracking=none",
        "figures.draw=false",
        f"results_dir={results}",
        *overrides,
    ]


def _heed_ctrl_c() -> None:
    """Where the tests run in the background, Ctrl-C is ignored, and so inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    """One controller, its private folder known by its own temporary folder.

    Attributes:
        family: the processes that it had, where a test noted them.
        out: what it said, where a test waited for its end.
        errors: likewise, to stderr.
    """

    def __init__(self, tmp_path: Path, *overrides: str) -> None:
        self.results = tmp_path / "results"
        self.family: list[psutil.Process] = []
        self.out = self.errors = ""
        self.temporary = Path(tempfile.mkdtemp(prefix="t-"))  # short: it holds unix sockets
        self.controller = subprocess.Popen(
            command(self.results, *overrides),
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_ctrl_c,
        )

    def folder(self) -> Path:
        """The run's folder; where several were started, the last one's."""
        return max((self.results / "quick_testbed").iterdir())

    def wait_for(self, measured: int) -> list[psutil.Process]:
        """Until so many measurements are kept; returns all the processes of the run."""
        until = time.monotonic() + 200
        while len(self.kept()) < measured:
            assert self.controller.poll() is None, self.controller.communicate()
            assert time.monotonic() < until, "nothing is measured"
            time.sleep(0.05)
        return psutil.Process(self.controller.pid).children(recursive=True)

    def kept(self) -> list[dict]:
        journals = list(self.results.glob("quick_testbed/*/journal.jsonl"))
        if not journals:
            return []
        lines = journals[0].read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def assert_nothing_left(self, family: list[psutil.Process]) -> None:
        assert left(family, within_s=10) == []
        until = time.monotonic() + 10
        while time.monotonic() < until and list(self.temporary.iterdir()):
            time.sleep(0.1)
        assert list(self.temporary.iterdir()) == []


def measured(run: Run) -> list[str]:
    """The measurements of the search and the repeats, by configuration and repeat."""
    import pandas as pd

    runs = pd.read_parquet(run.folder() / "runs.parquet")
    names = ["split_point", "cpu_mhz", "edge_accelerator", "cloud_gpu", "repeat"]
    there = [name for name in names if name in runs]
    return [" ".join(map(str, row)) for row in runs[there].itertuples(index=False)]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def interrupted(place) -> Run:
    """A run that Ctrl-C ended."""
    run = Run(place)
    run.family = run.wait_for(measured=2)
    os.killpg(run.controller.pid, signal.SIGINT)
    run.out, run.errors = run.controller.communicate(timeout=30)
    return run


@pytest.fixture(scope="module")
def uninterrupted(place, interrupted) -> Run:
    """A whole run, begun anew beside the interrupted one."""
    anew = Run(place, "resume=false", "dry_run=false")
    _, errors = anew.controller.communicate(timeout=230)
    assert anew.controller.returncode == 0, errors
    return anew


@pytest.mark.fault(
    group="search",
    fault="Ctrl-C",
    seen="`the same command goes on there`",
    kept="all finished measurements; nothing is left running",
)
def test_ctrl_c_ends_a_run_at_once_and_says_how_to_go_on(interrupted):
    assert interrupted.controller.returncode not in (0, None)
    assert "Traceback" not in interrupted.errors
    assert "the same command goes on there" in interrupted.out
    assert re.search(r"Kept in \S+: [1-9]\d* measurements of the search", interrupted.out)
    assert "To go on: python run_experiment.py +experiment=quick_testbed" in interrupted.out
    interrupted.assert_nothing_left(interrupted.family)


@pytest.mark.timeout(400)
def test_resume_false_starts_anew(uninterrupted):
    folders = sorted((uninterrupted.results / "quick_testbed").iterdir())
    states = [json.loads((folder / "run.json").read_text())["state"] for folder in folders]
    assert len(states) == 2
    assert states[0] != states[1] == "finished"


@pytest.mark.timeout(400)
@pytest.mark.fault(
    group="search",
    fault="kill -9",
    seen="nothing more; the same command goes on",
    kept="all finished measurements; nothing is left running",
)
def test_a_killed_run_leaves_nothing_and_goes_on_where_it_stopped(tmp_path, uninterrupted):
    run = Run(tmp_path)
    family = run.wait_for(measured=6)
    assert sum("hosts.agent" in " ".join(p.cmdline()) for p in family) >= 2
    os.kill(run.controller.pid, signal.SIGKILL)
    run.controller.communicate()
    run.assert_nothing_left(family)
    kept = run.kept()
    assert 6 <= len(kept) < SEARCHED

    again = Run(tmp_path)
    _, errors = again.controller.communicate(timeout=230)
    assert again.controller.returncode == 0, errors
    assert again.kept()[: len(kept)] == kept  # in the same folder, nothing lost or repeated
    summary = json.loads((again.folder() / "summary.json").read_text())
    assert summary["search"]["configurations_measured"] == SEARCHED
    everything = measured(again)
    assert len(everything) == len(set(everything))
    assert sorted(measured(uninterrupted)) == sorted(everything)
    runs = (again, uninterrupted)
    front, other = (json.loads((r.folder() / "front.json").read_text()) for r in runs)
    assert front == other


def test_a_killed_run_on_this_machine_itself_leaves_nothing_and_goes_on(tmp_path):
    words = ("hosts=local", "search.fraction=1", "measure.max_window_s=0.5")
    run = Run(tmp_path, *words)
    family = run.wait_for(measured=3)
    os.kill(run.controller.pid, signal.SIGKILL)
    run.controller.communicate()
    run.assert_nothing_left(family)
    kept = run.kept()

    again = Run(tmp_path, *words)
    _, errors = again.controller.communicate(timeout=110)
    assert again.controller.returncode == 0, errors
    assert again.kept()[: len(kept)] == kept
    everything = measured(again)
    assert len(everything) == len(set(everything))
