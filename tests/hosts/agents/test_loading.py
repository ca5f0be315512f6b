"""Files of a network are found on a host, whatever the controller's paths are there."""

import hashlib
import multiprocessing
import os
import tempfile
from pathlib import Path

import pytest

from hosts.agents.loading import find
from hosts.wire.messages import FindOrder

NOBODY = 65534


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
