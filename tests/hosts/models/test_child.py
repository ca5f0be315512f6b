"""A child process that fails says what failed, and leaves nothing behind."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from hosts.core.errors import ArtifactError, HostError, ModelError
from hosts.models.prepare import child

_BEGIN = """
import errno, os, signal, sys, tempfile
from hosts.core.errors import ArtifactError, MeterError, ModelError
from hosts.models.prepare.child import guarded
def work():
    tempfile.mkdtemp(prefix="left-")
"""
_END = "\nsys.exit(guarded(work))\n"
_NOISE = (
    "2026-01-01 10:00:00.000000: I tensorflow/core/util/port.cc:153] oneDNN custom operations\\n"
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n"
    "W0000 00:00:1771000000.1 55 tf_tfl_flatbuffer_helpers.cc:365] Ignored output_format.\\n"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs lines in a child; the folder for temporary files must be empty when it has ended."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(child.__file__).parents[3]}")

    def run_lines(lines: str) -> list[str]:
        (tmp_path / "given_child.py").write_text(f"{_BEGIN}    {lines}{_END}")
        heard: list[str] = []
        try:
            child.run_child("given_child", b"", heard.append)
        finally:
            assert list(temporary.iterdir()) == []
        return heard

    return run_lines


def test_what_a_child_says_is_heard(run):
    assert "made: it" in run("print('made: it')")


@pytest.mark.parametrize(
    ("lines", "kind", "said"),
    [
        ("raise ArtifactError('the file\\nof it')", ArtifactError, "^the file\nof it$"),
        ("raise MeterError('of its own kind')", HostError, "^of its own kind$"),
        ("raise RuntimeError('long\\ntold: the point')", ModelError, "RuntimeError: told: the p"),
        ("raise MemoryError", ModelError, r"memory .* not enough \(MemoryError\)"),
        ("raise OSError(errno.ENOSPC, 'No space left')", ArtifactError, "no room left on the d"),
        ("raise ModelError('a \\udc80 surrogate')", ModelError, r"a \? surrogate"),
        ("os._exit(3)", ModelError, "ended with exit code 3$"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ModelError, "ended by SIGSEGV$"),
        ("os.kill(os.getpid(), signal.SIGKILL)", ModelError, r"SIGKILL \(was killed; out of mem"),
    ],
)
@pytest.mark.fault(
    group="networks",
    fault="a child process that prepares a network fails or is killed",
    seen="its error, or the signal's name",
    kept="no temporary folder",
)
def test_a_childs_failure_is_its_own_kind_and_words(run, lines, kind, said):
    with pytest.raises(kind, match=said) as failed:
        run(lines)
    assert type(failed.value) is kind or kind is HostError


def test_no_room_behind_an_error_of_ours_is_no_room(run):
    lines = "exec('try: raise OSError(errno.ENOSPC, str())\\nexcept OSError: raise ValueError(1)')"
    with pytest.raises(ArtifactError, match="no room left on the disk"):
        run(lines)


def test_last_words_are_not_a_librarys_log(run):
    lines = f"sys.stderr.write('the point\\n{_NOISE}'); sys.stderr.flush(); os.abort()"
    with pytest.raises(ModelError, match=r"ended by SIGABRT; its last words: the point$"):
        run(lines)


def test_a_child_that_does_not_read_its_order_is_no_broken_pipe(run, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ModelError, match=r"ended with exit code 1$"):
        child.run_child("any", b"x" * 2**20, lambda _line: None)


@pytest.mark.medium
@pytest.mark.fault(
    group="networks",
    fault="a controller that is killed while a network is prepared",
    seen="nothing more",
    kept="nothing is left running, and no temporary folder",
)
def test_a_child_ends_with_its_parent(tmp_path):
    (tmp_path / "given_child.py").write_text(
        f"{_BEGIN}    print('began')\n    signal.pause(){_END}"
    )
    parent = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "from hosts.models.prepare.child import run_child\n"
            "run_child('given_child', b'', lambda line: print(line, flush=True))",
        ],
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path}:{Path(child.__file__).parents[3]}",
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(tmp_path),
        },
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"began\n"
    (running,) = psutil.Process(parent.pid).children()
    assert list(tmp_path.glob("dynasplit-prepare-*/left-*"))
    parent.kill()
    parent.wait()
    running.wait(timeout=10)
    assert not list(tmp_path.glob("dynasplit-prepare-*"))
