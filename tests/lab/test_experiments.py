"""Experiments on the lab: real agents over real OpenSSH, whose cables are cut and CPUs are felt."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dynasplit.core.space import Configuration
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.opening import ssh_testbed
from dynasplit.testbed.ssh import SshTestbed
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules
from tests.conftest import ROOT
from tests.lab.lab import LAWS, Lab
from tests.lab.test_lab import address_of

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SHORT = (
    *("+experiment=quick_testbed", "tracking=none", "data.images=12", "policies=[dynasplit]"),
    *("search=grid", "model.split_points=[0,3,7]", "space.cpu_mhz=[600,1800]"),
    *("search.front_repeats=0", "workload.requests=2"),
    *("measure.baseline_s=0.5", "measure.min_samples=5"),
)
RECORDED = 6
"""The configurations of this space."""


class Run:
    """A run of the experiment on the lab's hosts, as a person starts it."""

    def __init__(self, lab: Lab, results: Path, *words: str) -> None:
        self.results = results / "results"
        self._began_s = time.monotonic()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "run_experiment.py", *lab.words(), *SHORT, *words),
                f"results_dir={self.results}",
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def folder(self) -> Path:
        (folder,) = (self.results / "quick_testbed").iterdir()
        return folder

    def wait_for(self, measured: int) -> None:
        """Until so many measurements are kept."""
        until_s = time.monotonic() + 120
        while self.measured() < measured:
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < until_s, "nothing is measured"
            time.sleep(0.05)

    def measured(self) -> int:
        journals = self.results.glob("quick_testbed/*/journal.jsonl")
        return sum(journal.read_bytes().count(b'"kind":"measured"') for journal in journals)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; returns the exit code and what it said."""
        out, errors = self._process.communicate(timeout=200)
        print(f"{time.monotonic() - self._began_s:.0f} s\n{out}\n{errors}")
        assert "Traceback" not in out + errors
        return self._process.returncode, out, errors

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def start(lab, tmp_path) -> Iterator[Any]:
    runs = []

    def begin(*words: str) -> Run:
        runs.append(Run(lab, tmp_path, *words))
        return runs[-1]

    yield begin
    for run in runs:
        run.kill()


def policy_of(lab: Lab, role: str) -> dict[str, str]:
    """A host's frequency files."""
    (folder,) = (lab.root(role) / "sys/devices/system/cpu/cpufreq").glob("policy*")
    return {path.name: path.read_text() for path in folder.iterdir()}


def is_put_back(lab: Lab, before: dict[str, str]) -> bool:
    record = lab.root("edge") / "home/lab/.local/state/dynasplit/edge.json"
    return policy_of(lab, "edge") == before and not record.exists()


def assert_complete(run: Run, configurations: int = RECORDED) -> None:
    """All was measured and served, and nothing given up."""
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary["given_up"] == []
    assert summary["emulated"] is False
    assert summary["search"]["configurations_measured"] == configurations
    assert {p["requests"] for p in summary["policies"].values()} == {2}
    runs = pd.read_parquet(run.folder / "runs.parquet")
    assert set(runs["source"]) == {"measured"}
    assert (runs["energy_j"] > 0).all()


@pytest.mark.timeout(300)
def test_an_experiment_sets_frequencies_and_puts_them_back(lab, start):
    before, known = policy_of(lab, "edge"), len(lab.changes("edge"))
    run = start()
    code, _, errors = run.end()
    assert code == 0, errors
    assert_complete(run)
    set_khz = {c.khz for c in lab.changes("edge")[known:] if c.governor == "userspace"}
    assert {600_000, 1_800_000} <= set_khz
    assert is_put_back(lab, before)
    assert {c.governor for c in lab.changes("cloud")} == {"ondemand"}


@pytest.mark.timeout(300)
def test_a_link_that_is_cut_for_five_seconds_costs_nothing(lab, start):
    before = policy_of(lab, "edge")
    run = start("model.split_points=[0,3]")  # there is nothing that does without the link
    run.wait_for(2)
    lab.cut("link")
    time.sleep(5)
    assert run.measured() <= 3
    lab.mend("link")
    code, _, errors = run.end()
    assert code == 0, errors
    assert_complete(run, 4)
    assert is_put_back(lab, before)


ONCE_MORE = ("measure.retries=1", "measure.retry_wait_s=0.1", "measure.outage_s=0")
NOTICED_S = 15.0
"""Within so long each attempt must end."""


@pytest.mark.timeout(300)
def test_a_link_that_is_cut_for_good_ends_the_run_which_puts_the_hosts_back(lab, start):
    before = policy_of(lab, "edge")
    run = start("model.split_points=[0,3]", *ONCE_MORE)
    run.wait_for(2)
    lab.cut("link")
    cut_s = time.monotonic()
    code, _, errors = run.end()
    assert code == 1
    (line,) = [line for line in errors.splitlines() if line]
    assert "edge host: the stream to the cloud agent broke" in line
    assert time.monotonic() - cut_s < 2 * NOTICED_S + 8
    assert is_put_back(lab, before)


@pytest.mark.timeout(300)
def test_a_host_that_is_cut_off_for_good_is_named_and_puts_itself_back(lab, start):
    before = policy_of(lab, "edge")
    run = start("space.cpu_mhz=[600]", *ONCE_MORE)
    run.wait_for(2)
    lab.cut("edge")
    cut_s = time.monotonic()
    code, out, errors = run.end()
    assert code == 1
    print(out, errors, time.monotonic() - cut_s)
    while not is_put_back(lab, before) and time.monotonic() - cut_s < 100:
        time.sleep(0.5)
    print(time.monotonic() - cut_s)
    assert 0
