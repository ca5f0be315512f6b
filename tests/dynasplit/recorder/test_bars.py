"""What recording may cost, and whether one finds a run among many on MLflow's pages."""

import json
import statistics
import time
from pathlib import Path

import pytest

from dynasplit.core.events import Finished, Measured
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.recorder import RunFacts, open_recorder
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.run.journal import Journal
from dynasplit.tables import write_requests
from tests.browser import CHROMIUM, Browser
from tests.mlflow_server import MlflowServer

RUNS, CONFIGURATIONS = 60, 200
POLICIES = ("dynasplit", "cloud_only", "edge_only", "fastest", "least_energy")
BLOCK = {
    "requests": 50,
    "met_pct": 98.0,
    "infeasible": 0,
    "latency_ms": {"median": 440.0, "mean": 360.0, "p95": 900.0},
    "energy_j": {"median": 2.3, "mean": 19.2},
    "energy_saving_vs_cloud_pct": 72.0,
    "confidence_95": {"met_pct": [90.0, 99.0], "energy_saving_vs_cloud_pct": [60.0, 80.0]},
}
SUMMARY = {"hosts": "emulated", "policies": dict.fromkeys(POLICIES, BLOCK)}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def measured(count: int) -> list[Measurement]:
    return [
        Measurement(
            configuration=Configuration.of(n % 23, cpu_mhz=600 + 200 * (n // 23)),
            latency_ms=100.0 + n,
            energy_j=50.0 - n / 10,
            accuracy=0.6,
            testbed_time_s=3.4,  # as on the boards of quick_testbed; others take minutes
        )
        for n in range(count)
    ]


def facts(folder: Path, name: str) -> RunFacts:
    folder.mkdir()
    (folder / "front.png").write_bytes(b"picture" * 1000)
    config = {f"group{n}": {f"option{k}": n * k for k in range(10)} for n in range(10)}
    return RunFacts("many", name, folder.name, config, folder, folder.name)


def record(recorder: MlflowRecorder, journal: Journal, folder: Path) -> None:
    with recorder:
        for number, one in enumerate(measured(CONFIGURATIONS), start=1):
            journal.append(one)
            recorder(Measured("search", one, number, CONFIGURATIONS))
        recorder(Finished("search"))
        recorder.configurations({Configuration.of(1, cpu_mhz=600)})
        recorder.summary(SUMMARY)
        recorder.describe("**dynasplit met 98.0 % of 50 requests**\n\n![front](front.png)")
        recorder.artifacts(folder / "front.png")
    assert recorder.trouble is None


def named(number: int) -> str:
    search = ("structured", "nsga3", "random")[number // 20]
    return f"vgg16 · {search} · emulated pi4_coral_v100 · seed {number % 20}"


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A server of sixty runs."""
    place = tmp_path_factory.mktemp("many")
    store = f"sqlite:///{place}/server.db"
    for number in range(RUNS):
        folder, journal = place / f"run{number}", Journal()
        about = facts(folder, named(number))
        record(MlflowRecorder(store, about, journal, lambda: 0.0), journal, folder)
    server = MlflowServer(place)
    server.start()
    yield server
    server.stop()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_sixty_runs_are_on_the_first_page_each_told_apart_by_its_name(many, tmp_path):
    names = [named(n) for n in range(RUNS)]
    assert len(set(names)) == RUNS
    every = f"{json.dumps(names)}.every(n => document.body.innerText.includes(n))"
    address = f"{many.uri}/#/experiments/1/runs?workflowType=machine_learning"
    with Browser(tmp_path / "profile", 1900, 3200) as browser:
        browser.open(address).until(every)  # what the browser keeps from then on is no page
        took_s = []
        for _ in range(5):
            started = time.monotonic()
            page = browser.open(address)
            page.until(every)
            took_s.append(time.monotonic() - started)
        assert "Load more" not in page.text()
        page.picture(tmp_path / "list.png")
    assert statistics.median(took_s) < 4.0, took_s


def test_recording_a_campaign_costs_at_most_two_percent_of_its_testbed_time(tmp_path):
    """The database's creation apart: the first run makes it."""
    store = f"sqlite:///{tmp_path}/mlflow.db"
    with open_recorder(
        "mlflow", uri=store, facts=facts(tmp_path / "first", "first"), journal=Journal()
    ):
        pass
    journal, clock_s = Journal(), iter(float(n) for n in range(10_000_000))
    folder = tmp_path / "campaign"
    about = facts(folder, "campaign")
    recorder = MlflowRecorder(store, about, journal, lambda: next(clock_s))  # each one is written
    started = time.monotonic()
    record(recorder, journal, folder)
    took_s = time.monotonic() - started
    testbed_time_s = sum(m.testbed_time_s for m in journal.measurements())
    assert took_s <= 0.02 * testbed_time_s, (took_s, testbed_time_s)


def test_ten_thousand_requests_of_five_policies_are_recorded_in_ten_seconds(tmp_path):
    folder = tmp_path / "requests"
    about = facts(folder, "requests")
    one = measured(1)[0]
    rows = [
        ServedRequest(request=n, network="vgg16", policy=p, threshold_ms=200.0, measurement=one)
        for n in range(10_000)
        for p in POLICIES
    ]
    write_requests(folder / "requests.parquet", rows, model="vgg16", last_split_point=22)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    with open_recorder(
        "mlflow", uri=store, facts=facts(tmp_path / "first", "first"), journal=Journal()
    ):
        pass
    started = time.monotonic()
    with open_recorder("mlflow", uri=store, facts=about, journal=Journal()) as recorder:
        recorder.summary(SUMMARY)
        recorder.artifacts(folder / "requests.parquet")
    assert recorder.trouble is None
    assert time.monotonic() - started < 10.0
