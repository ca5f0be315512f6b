"""hosts=local as a person starts it: this machine's own clocks, no energy unless it is measured."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from PIL import Image

from dynasplit.app.setup.local_machine import here
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.tables import read_requests, read_runs
from tests.conftest import ROOT
from tests.gpm import GPM_RESOURCE, Instrument, simulated_gpm
from tests.powercap import Powercap

pytestmark = pytest.mark.medium

QUICK = (
    "+experiment=quick_testbed",
    "workload.requests=2",
    "data.images=12",
    "search.front_repeats=1",
    "measure.min_window_s=0.2",
    "measure.max_window_s=0.2",
)


def start(
    results: Path, *words: str, temporary: str | None = None, patience_s: float = 110
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "run_experiment.py", *words, f"results_dir={results}"],
        cwd=ROOT,
        env=os.environ | ({"TMPDIR": temporary} if temporary else {}),
        capture_output=True,
        text=True,
        timeout=patience_s,
        check=False,
    )


class Local:
    """One whole run, and what its own temporary folder holds after it."""

    def __init__(self, results: Path) -> None:
        self.temporary = tempfile.mkdtemp(prefix="t-")
        self.run = start(results, *QUICK, "hosts=local", temporary=self.temporary)
        assert self.run.returncode == 0, self.run.stdout + self.run.stderr
        (self.folder,) = (results / "quick_testbed").iterdir()
        self.summary = json.loads((self.folder / "summary.json").read_text())


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Local:
    return Local(tmp_path_factory.mktemp("local"))


without_meter = pytest.mark.skipif(here().meter is not None, reason="this machine has a meter")


def test_a_run_says_where_it_measured(local):
    assert local.summary["hosts"] == "local"
    assert local.summary["emulated"] is False
    runs = read_runs(local.folder / "runs.parquet")
    assert set(runs.sources) == {"measured"}
    assert all(m.latency_ms > 0 and m.inferences >= 10 for m in runs.measurements)
    assert all(m.window_s >= 0.2 for m in runs.measurements)
    assert "Both hosts are this machine" in local.run.stdout


@without_meter
def test_without_a_meter_there_is_no_energy_anywhere(local):
    runs = read_runs(local.folder / "runs.parquet").measurements
    served = [r.measurement for r in read_requests(local.folder / "requests.parquet").rows]
    for m in (*runs, *served):
        assert (m.energy_j, m.edge_energy_j, m.cloud_energy_j, m.edge_idle_w) == (None,) * 4
    assert set(local.summary["policies"]) == {"cloud_only", "edge_only", "fastest"}
    blocks = local.summary["policies"].values()
    assert all(b["energy_j"] == {"median": None, "mean": None} for b in blocks)
    assert not (local.folder / "energy.png").exists()
    assert (local.folder / "front.png").exists()
    assert not ParetoFront.load(local.folder / "front.json").has_energy
    for said in (
        "energy is not measured",
        "Policy dynasplit was left out",
        "left out of the space",
    ):
        assert said in local.run.stdout
    assert "energy J" not in local.run.stdout


def test_nothing_is_left_over(local):
    assert list(Path(local.temporary).glob("dynasplit-*")) == []
    left = [p.cmdline() for p in psutil.process_iter() if _is_ours(p, local.temporary)]
    assert left == []


def _is_ours(process: psutil.Process, temporary: str) -> bool:
    try:
        return process.environ().get("TMPDIR") == temporary
    except psutil.Error:
        return False


@pytest.mark.skipif(len(here().cpus) < 2, reason="one CPU")
def test_the_hosts_share_no_cpu_and_say_which_are_theirs(local):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{local.folder.parents[1]}/mlflow.db")
    run = client.get_run((local.folder / "mlflow_run_id").read_text().strip())
    used = [set(run.data.tags[f"host.{role}.cpus_used"].split()) for role in ("edge", "cloud")]
    assert all(used)
    assert not used[0] & used[1]
    assert run.data.tags["emulated"] == "False"


@without_meter
@pytest.mark.parametrize("words", ["+experiment=replay", "+experiment=audit_runs"])
def test_a_table_without_energy_serves_the_other_experiments(local, tmp_path, words):
    again = start(
        tmp_path,
        words,
        f"runs={local.folder / 'runs.parquet'}",
        "tracking=none",
        "figures.draw=false",
    )
    assert again.returncode == 0, again.stderr


@without_meter
def test_recorded_hosts_answer_from_it_with_structured_search(local, tmp_path):
    words = (
        *QUICK,
        "hosts=recorded",
        f"runs={local.folder / 'runs.parquet'}",
        "tracking=none",
        "figures.draw=false",
    )
    again = start(tmp_path, *words, "search=structured", "search.fraction=1")
    assert again.returncode == 0, again.stderr
    assert "Policy dynasplit was left out" in again.stdout


def test_a_dry_run_starts_nothing(tmp_path):
    told = start(tmp_path / "results", *QUICK, "hosts=local", "dry_run=true")
    assert told.returncode == 0, told.stderr
    assert "nothing is started" in told.stdout
    assert "8 valid" in told.stdout or "known once the network is prepared" in told.stdout
    assert not (tmp_path / "results").exists()


class Counters(threading.Thread):
    """A RAPL tree below a folder, its counter moved as a processor of so many watts would."""

    def __init__(self, root: Path, watts: float) -> None:
        super().__init__(daemon=True)
        self.tree, self.began_s, self.ended = Powercap(root, watts), time.monotonic(), False

    def run(self) -> None:
        while not self.ended:
            self.tree.spend(time.monotonic() - self.began_s)
            time.sleep(0.005)


METERED = (
    *(
        *QUICK,
        "hosts=local",
        "tracking=none",
        "measure.baseline_s=1",
        "search.trials=2",
    ),
    *("search.front_repeats=0", "workload.requests=1", "policies=[dynasplit]"),
    "measure.gates.frozen.action=warn",  # instruments here say one value for ever
)


@pytest.fixture
def processor(tmp_path):
    """The root of a machine whose processor draws 10 W."""
    counters = Counters(tmp_path / "root", watts=10)
    counters.start()
    yield tmp_path / "root"
    counters.ended = True


def test_one_meter_for_the_whole_machine_counts_it_once(tmp_path, processor):
    meter = ("hosts.edge.meter=rapl", f"+hosts.edge.meter_options.root={processor}")
    done = start(tmp_path / "results", *METERED, *meter)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    for m in read_runs(folder / "runs.parquet").measurements:
        assert m.energy_j * m.inferences / m.window_s == pytest.approx(10, rel=0.1)
        assert (m.edge_energy_j, m.cloud_energy_j) == (None, None)
        assert m.edge_samples >= 20
        assert m.channels == {"edge_package_j": m.energy_j, "edge_package_idle_w": m.edge_idle_w}
    assert "energy is not measured" not in done.stdout
    assert (folder / "energy.png").exists()
    assert "dynasplit" in json.loads((folder / "summary.json").read_text())["policies"]


@pytest.mark.slow
def test_of_two_meters_the_outer_counts_and_both_are_kept(tmp_path, processor):
    definition = simulated_gpm(tmp_path, value="17.688E+00")
    wall = f"{{meter:gpm8213,resource:'{GPM_RESOURCE}',backend:'{definition}@sim'}}"
    meters = f"hosts.edge.meters=[{wall},{{meter:rapl,root:'{processor}'}}]"
    done = start(tmp_path / "results", *METERED, meters)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    for m in read_runs(folder / "runs.parquet").measurements:
        per_w = m.window_s / m.inferences
        assert m.energy_j == m.channels["edge_wall_j"] == pytest.approx(17.688 * per_w, rel=1e-3)
        assert m.channels["edge_package_j"] == pytest.approx(10 * per_w, rel=0.1)
        assert m.edge_idle_w == m.channels["edge_wall_idle_w"] == pytest.approx(17.688)
        assert m.channels["edge_package_idle_w"] == pytest.approx(10, rel=0.1)
    for file in (folder / "traces").iterdir():
        every = pd.read_parquet(file)
        trace = every[every["power_w"].notna()]
        assert {"others_s", "swapped_pages"} <= set(every[every["sampled"].notna()]["channel"])
        assert set(trace["channel"]) == {"wall", "package"}
        assert set(trace["host"]) == {"edge"}


@pytest.mark.slow
def test_a_meter_that_hangs_up_in_the_midst_of_a_run_costs_a_window_and_no_more(tmp_path):
    instrument = Instrument()
    instrument.hangs_up_at = 100
    meter = f"hosts.edge.meters=[{{meter:gpm8213,resource:'{instrument.resource}',period_s:0.05}}]"
    done = start(tmp_path / "results", *METERED, meter)
    instrument.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert instrument.opened == 2
    assert "Traceback" not in done.stdout + done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    for m in read_runs(folder / "runs.parquet").measurements:
        assert m.energy_j == pytest.approx(17.688 * m.window_s / m.inferences, rel=1e-3)
    assert "did not answer" in (folder / "logs/edge_gpm8213.log").read_text()


@pytest.mark.slow
@without_meter
def test_estimates_let_every_policy_run_and_say_what_they_are(tmp_path):
    few = [word for word in METERED if not word.startswith("policies")]
    done = start(tmp_path / "results", *few, "hosts.meter=estimate")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (tmp_path / "results/quick_testbed").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["estimated"], summary["emulated"]) == (True, False)
    assert {"dynasplit", "least_energy"} <= set(summary["policies"])
    runs = read_runs(folder / "runs.parquet")
    assert set(runs.sources) == {"estimated"}
    assert all(m.energy_j is not None for m in runs.measurements)
    assert ParetoFront.load(folder / "front.json").source == "estimated"
    assert "ESTIMATED" in Image.open(folder / "energy.png").info["Source"]
    assert done.stdout.count("ESTIMATED energy") == 2  # above each table of figures
