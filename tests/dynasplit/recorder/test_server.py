"""A real MLflow server that is stopped, hangs, or refuses: nothing is lost and nothing is twice."""

import base64
import dataclasses
import http.server
import logging
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dynasplit.core.events import Finished, Measured
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.recorder import OUTBOX, RunFacts, sync
from dynasplit.recorder.mlflow_recorder import MlflowRecorder
from dynasplit.run.journal import Journal
from tests.mlflow_server import MlflowServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
SUMMARY = {"hosts": "emulated", "policies": {"fastest": {"met_pct": 98.0}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = MlflowServer(tmp_path_factory.mktemp("server"))
    found.start()
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A server that hangs is given up after two seconds instead of ten."""
    for name in ("_URI", "_USERNAME", "_PASSWORD", "_TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING{name}", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


class Run:
    """A run of so many measurements that is recorded on a server, with a clock to set."""

    def __init__(self, folder: Path, uri: str, experiment: str) -> None:
        folder.mkdir()
        (folder / "front.png").write_bytes(b"picture")
        self.folder, self.now_s = folder, 0.0
        facts = RunFacts(experiment, "a run", "1a2b", {"seed": 3}, folder, folder.name)
        self.journal = Journal()
        self.recorder = MlflowRecorder(
            uri,
            dataclasses.replace(facts, dataset="digits", dataset_sha256="5e1f" * 16),
            self.journal,
            lambda: self.now_s,
        )

    def measure(self, count: int, after_s: float = 2.0) -> None:
        for _ in range(count):
            number = len(self.journal.measurements())
            one = Measurement(
                configuration=Configuration.of(number), latency_ms=10.0 + number, energy_j=1.0
            )
            self.journal.append(one)
            self.now_s += after_s
            self.recorder(Measured("search", one, number + 1, 9))

    def find(self) -> None:
        self.recorder(Finished("search"))
        self.recorder.configurations(set())
        self.recorder.summary(SUMMARY)
        self.recorder.describe("**found**")
        self.recorder.artifacts(self.folder / "front.png")


def check_whole(server: MlflowServer, experiment: str, measured: int) -> None:
    """One run, with every figure once and every file."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(server.uri)
    there = client.get_experiment_by_name(experiment)
    (run,) = client.search_runs([there.experiment_id])
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "live.last_latency_ms")
    steps = [(m.step, m.value) for m in history]
    assert steps == [(n, 9.0 + n) for n in range(1, measured + 1)]
    assert run.data.metrics["fastest.met_pct"] == 98.0
    assert run.data.params == {"seed": "3"}
    assert run.data.tags["mlflow.note.content"].startswith("**found**\n\n[All runs]")
    assert [i.dataset.name for i in run.inputs.dataset_inputs] == ["digits"]
    names = {a.path for a in client.list_artifacts(run.info.run_id)}
    assert names == {"config.yaml", "front.png", "configurations.json", "policies.json"}


def warnings_in(caplog) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("dynasplit")]


@pytest.mark.fault(
    group="room",
    fault="MLflow's server is stopped in the midst of a run, for a while",
    seen="one warning, and one line when it answers again",
    kept="every record, once, in MLflow when the run ends",
)
def test_a_server_that_hangs_and_is_killed_in_between_has_all_in_the_end(tmp_path, server, caplog):
    caplog.set_level(logging.WARNING)
    run = Run(tmp_path / "run", server.uri, "a while")
    with run.recorder as recorder:
        run.measure(2)
        assert recorder.trouble is None
        server.hang()
        run.measure(1)
        assert recorder.trouble == "it does not answer: timed out"
        run.measure(1, after_s=1.0)  # not tried again so soon
        server.go_on()
        run.measure(1, after_s=10.0)
        assert recorder.trouble is None
        server.stop()
        run.measure(2)
        assert recorder.trouble is not None
        assert len(warnings_in(caplog)) == 3
        server.start()
        run.find()
        run.measure(1, after_s=400.0)
    assert recorder.trouble is None
    assert not (tmp_path / "run" / OUTBOX).exists()
    check_whole(server, "a while", 8)


@pytest.mark.fault(
    group="room",
    fault="MLflow's server is stopped in the midst of a run, for good",
    seen="one warning, with the command that sends what was kept",
    kept="every record, in the run's folder; `+experiment=sync_tracking` sends each once",
)
def test_what_was_kept_is_sent_once_however_often_it_is_sent(tmp_path, server, caplog, monkeypatch):
    """The server is away from the beginning; then every record is sent twice, killed in between."""
    caplog.set_level(logging.WARNING)
    away = Run(tmp_path / "away", "http://127.0.0.1:9", "for good")
    with away.recorder as recorder:
        away.measure(3)
        away.find()
    assert recorder.trouble
    assert recorder.lost is None
    (warning,) = warnings_in(caplog)
    assert "failed (it does not answer: Connection refused)" in warning
    assert f"+experiment=sync_tracking runs={tmp_path / 'away'} sends it" in warning
    from dynasplit.recorder.outbox import Outbox

    real, calls = Outbox.cross_off, []

    def killed_before_it_is_noted(self: Outbox) -> None:
        calls.append(len(self))
        if len(calls) % 2:
            raise KeyboardInterrupt
        real(self)

    monkeypatch.setattr(Outbox, "cross_off", killed_before_it_is_noted)
    kills = 0
    while (tmp_path / "away" / OUTBOX).is_dir():
        try:
            found = sync(tmp_path / "away", server.uri)
        except KeyboardInterrupt:
            kills += 1
    assert kills >= 10
    assert (found.left, found.trouble) == (0, "")
    assert sync(tmp_path / "away", server.uri).sent == 0
    check_whole(server, "for good", 3)


class Door(http.server.BaseHTTPRequestHandler):
    """Lets only those with the password through to a server."""

    behind = ""

    def do_any(self) -> None:
        wanted = "Basic " + base64.b64encode(b"me:s3cr3t").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.end_headers()
            self.wfile.write(b"You are not authenticated.")
            return
        size = int(self.headers.get("Content-Length") or 0)
        kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept")}
        body = self.rfile.read(size) if size else None
        request = urllib.request.Request(self.behind + self.path, body, kept, method=self.command)
        try:
            with urllib.request.urlopen(request) as answer:
                code, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            code, content = error.code, error.read()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

    def log_message(self, format, *args) -> None:
        pass


@pytest.fixture
def door(server):
    to_it = type("ToIt", (Door,), {"behind": server.uri})
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), to_it)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


@pytest.mark.fault(
    group="room",
    fault="MLflow's server refuses the login",
    seen="one warning, with the variables that log in; it is not tried again with the same",
    kept="every record, in the run's folder; the password nowhere",
)
def test_a_refused_login_is_told_and_what_was_kept_is_sent_with_the_right_one(
    tmp_path, server, door, caplog, monkeypatch
):
    caplog.set_level(logging.WARNING)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wr0ng")
    run = Run(tmp_path / "run", door, "refused")
    with run.recorder as recorder:
        run.measure(2, after_s=400.0)
        run.find()
    assert recorder.trouble
    (warning,) = warnings_in(caplog)
    assert "MLFLOW_TRACKING_PASSWORD" in warning
    refused = sync(tmp_path / "run")
    assert "MLFLOW_TRACKING_TOKEN" in refused.trouble
    assert refused.sent == 0
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cr3t")
    assert sync(tmp_path / "run").left == 0
    check_whole(server, "refused", 2)
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    told = warning + refused.trouble
    assert b"wr0ng" not in kept + told.encode()
    assert b"s3cr3t" not in kept + told.encode()
