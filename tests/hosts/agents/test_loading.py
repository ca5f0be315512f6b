"""Files of a network are found on a host, whatever the controller's paths are there."""

import gc
import hashlib
import multiprocessing
import os
import sys
import tempfile
import threading
from pathlib import Path

import msgspec
import pytest

from hosts.agents import loading
from hosts.agents.edge import EdgeAgent
from hosts.agents.loading import find
from hosts.machine.real import RealMachine
from hosts.models.keras_graphs.light_keras import import_keras
from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.litert import LiteRt
from hosts.wire.files import FindOrder, LoadOrder
from hosts.wire.messages import StartOrder

NOBODY = 65534
NETWORK = Manifest("none", "random", "int8", "fidelity", 2, 1, 0, (), {})


def _find_as_nobody(order: FindOrder, cache: str, answers) -> None:
    os.environ["DYNASPLIT_CACHE"] = cache
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    answers.send(find(order))


@pytest.fixture
def open_folder():
    with tempfile.TemporaryDirectory() as made:  # pytest's are closed to others
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.fault(
    group="agents",
    fault="a network's file lies where the host's login may not look",
    seen="nothing: the file is pushed",
)
def test_a_path_that_is_closed_to_this_host_s_user_is_not_there(open_folder):
    closed, cache = open_folder / "closed", open_folder / "cache"
    closed.mkdir()
    (closed / "head.tflite").write_bytes(b"x")
    (closed / "pushed.tflite").write_bytes(b"y")
    closed.chmod(0)
    (cache / "pushed").mkdir(parents=True)
    pushed = hashlib.sha256(b"y").hexdigest()
    (cache / "pushed" / f"{pushed}.tflite").write_bytes(b"y")
    wanted = hashlib.sha256(b"x").hexdigest()
    files = {wanted: str(closed / "head.tflite"), pushed: str(closed / "pushed.tflite")}
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    process = context.Process(
        target=_find_as_nobody, args=(FindOrder(files=files), str(cache), there)
    )
    process.start()
    there.close()
    found = here.recv()
    process.join()
    closed.chmod(0o700)
    assert found.paths == {wanted: None, pushed: str(cache / "pushed" / f"{pushed}.tflite")}


def test_imports_go_on_beside_and_what_is_missing_is_told_when_a_network_is_loaded(monkeypatch):
    begun, goes_on = threading.Event(), threading.Event()

    def missing() -> None:
        begun.set()
        assert goes_on.wait(10)
        raise ImportError("no such package")

    monkeypatch.setattr(LiteRt, "import_libraries", missing)
    start = StartOrder(role="edge", knobs=(), key_pem="", certificate_pem="", authority_pem="")
    imports = loading.begin_imports(start, RealMachine())
    assert begun.wait(10)
    assert imports.is_alive()
    goes_on.set()
    imports.join(10)
    assert not imports.is_alive()
    order = LoadOrder(manifest=msgspec.json.encode(NETWORK), paths={})
    with pytest.raises(ImportError, match="no such package"):
        loading.load(EdgeAgent(RealMachine()), order, start)


def test_after_keras_garbage_is_looked_for_as_before(monkeypatch):
    seen = []
    monkeypatch.setitem(sys.modules, "keras", None)  # an import that fails
    monkeypatch.setattr(gc, "disable", lambda: seen.append("off"))
    monkeypatch.setattr(gc, "enable", lambda: seen.append("on"))
    with pytest.raises(ImportError):
        import_keras()
    assert seen == ["off", "on"]
