"""What recording may cost, and whether one finds a run among many on MLflow's pages."""

import json
import time

import pytest

from dynasplit.core.served_request import ServedRequest
from dynasplit.recorder import open_recorder
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.run.journal import Journal
from dynasplit.tables import write_requests
from tests.browser import CHROMIUM, Browser
from tests.many_runs import POLICIES, RUNS, SUMMARY, facts, measured, record, record_many
from tests.mlflow_server import MlflowServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_sixty_runs_are_on_the_first_page_each_told_apart_by_its_name(tmp_path):
    """How soon it is there, says `make bench`, on a machine that does nothing else."""
    server = MlflowServer(tmp_path)
    names = record_many(tmp_path, server.store)
    assert len(set(names)) == RUNS
    server.start()
    try:
        with Browser(tmp_path / "profile", 1900, 3200) as browser:
            page = browser.open(f"{server.uri}/#/experiments/1/runs?workflowType=machine_learning")
            page.until(f"{json.dumps(names)}.every(n => document.body.innerText.includes(n))", 120)
            assert "Load more" not in page.text()
            page.picture(tmp_path / "list.png")
    finally:
        server.stop()


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
