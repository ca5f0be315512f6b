"""Experiments on the lab: real agents over real OpenSSH, whose cables are cut and CPUs are felt."""

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dynasplit.core.space import Configuration
from dynasplit.testbed.address import MeterSpec
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.opening import ssh_testbed
from dynasplit.testbed.ssh import SshTestbed
from hosts.agents.agent import SILENCE_S
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules
from tests.conftest import ROOT
from tests.lab.lab import LAWS, Lab
from tests.lab.test_lab import address_of

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SHORT = (
    *(
        "+experiment=quick_testbed",
        "tracking=none",
        "figures.draw=false",
        "data.images=12",
        "policies=[dynasplit]",
    ),
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
NOTICED_S, WAITED_S = 15.0, 28.0
"""Within so long each attempt must end, and a silent host is waited for at the end."""


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
    code, _, errors = run.end()
    ended_s = time.monotonic() - cut_s
    assert code == 1
    assert "Error: edge agent cannot be reached" in errors
    said = "Not put back: edge host lab@.*: its agent had not ended after 20 s"
    assert re.search(said, errors)
    assert ended_s < 2 * NOTICED_S + WAITED_S
    while not is_put_back(lab, before):
        assert time.monotonic() - cut_s < SILENCE_S + 20
        time.sleep(0.2)


BATCH = 1024
"""Images at once: a head of some 30 ms is far longer than the period of a host's CPU quota."""


@pytest.fixture
def testbed(lab, tmp_path) -> Iterator[SshTestbed]:
    """The lab's hosts, ready to measure a small network in large batches."""
    manifest = prepare(PrepareOrder("digits_cnn", images=12), print)
    addresses = []
    for role, knobs in (("edge", ("cpu_mhz",)), ("cloud", ())):
        meter = MeterSpec("gpm8213", {"resource": lab.hosts[role].resource})
        addresses.append(replace(address_of(lab, role), knobs=knobs, meters=(meter,)))
    rules = WindowRules(warmup=1, min_inferences=1, min_window_s=1.0)
    energy = EnergyRules(min_samples=5, baseline_s=0.5)
    edge, cloud = addresses
    with ssh_testbed(edge, cloud, manifest, rules, energy, tmp_path) as opened:
        yield opened


def at(split_point: int, mhz: int) -> Configuration:
    return Configuration.of(split_point, cpu_mhz=mhz, batch_size=BATCH)


@pytest.mark.timeout(200)
@pytest.mark.judge  # on a machine that has nothing else to do
def test_heads_tails_and_power_follow_each_hosts_own_frequency(lab, testbed):
    (cloud,) = (lab.root("cloud") / "sys/devices/system/cpu/cpufreq").glob("policy*")
    (cloud / "scaling_governor").write_text("userspace")
    ratios: dict[str, list[float]] = {"edge": [], "cloud": []}
    power_w: dict[int, float] = {}
    for _ in range(3):  # in turn, since this machine's own speed changes
        took = {}
        for mhz in (1800, 600):
            (cloud / "scaling_setspeed").write_text(str(1000 * mhz))
            head, tail = testbed.measure(at(7, mhz)), testbed.measure(at(0, mhz))
            took[mhz] = head.edge_ms, tail.cloud_ms
            power_w[mhz] = head.edge_energy_j * head.inferences / head.window_s
        for role, fast_ms, slow_ms in zip(ratios, took[1800], took[600], strict=True):
            ratios[role].append(slow_ms / fast_ms)
    (cloud / "scaling_governor").write_text("ondemand")
    for role, found in ratios.items():
        assert statistics.median(found) == pytest.approx(3, rel=0.25), (role, found)
    for mhz, found_w in power_w.items():  # one core, busy all the time
        law = LAWS["edge"]
        assert found_w == pytest.approx(law.base_w + law.dynamic_w(mhz / 1000, 1.0), rel=0.1)
