"""Child processes that prepare networks: how they are started, and how they say what failed.

A child that fails prints one line that starts with `failed: `, with the error's type and words as
JSON. A child that dies without it was ended by a signal, or by a library that gave up. It hangs on
a pipe from its parent, and ends when that does, however that ends.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hosts.core import errors
from hosts.core.errors import ArtifactError, HostError, ModelError

FAILED_MARK = "failed: "
DIED = "its process "
"""So begins what is said of a child that died without a word of its own."""
_LIFELINE = "DYNASPLIT_CHILD_LIFELINE"
_ROOT = Path(__file__).resolve().parents[3]
_LONGEST = 600  # characters of what a library says
_NOISE = re.compile(
    r"^([IWE]\d{4} |\d{4}-\d\d-\d\d .*: [IWE] |WARNING|INFO|W0000|I0000|E0000|"
    r"To enable the following|Fatal Python error|Current thread|Thread 0x|Extension modules|"
    r'<no Python frame>|Traceback |  File "|\s+\^|\s*$)'
)
"""Lines of TensorFlow's log and of tracebacks, which say nothing of why."""


class Failure(msgspec.Struct):
    """What a child could not do.

    Attributes:
        kind: the error's type. message: its words.
    """

    kind: str
    message: str


def guarded(work: Callable[[], None]) -> int:
    """Do the child's work; an error is said on standard output. Returns the exit code."""
    lifeline = os.environ.pop(_LIFELINE, None)
    if lifeline is not None:
        threading.Thread(target=_end_with_parent, args=(int(lifeline),), daemon=True).start()
    try:
        work()
    except Exception as error:  # whatever it is, the parent says it in words
        message = str(error).encode(errors="replace").decode()
        line = msgspec.json.encode(Failure(_kind(error), message)).decode()
        print(f"\n{FAILED_MARK}{line}", flush=True)
        return 1
    return 0


def _end_with_parent(lifeline: int) -> None:
    """End as soon as the parent is no more; the folder of temporary files goes too."""
    os.read(lifeline, 1)  # nothing is ever written there
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(1)


def _kind(error: BaseException) -> str:
    """The type by name; no room on disk is looked for behind an error too."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return "NoRoom"
        seen = seen.__cause__ or seen.__context__
    return type(error).__name__


def run_child(module: str, order: bytes, told: Callable[[str], None]) -> None:
    """Run a module in a process of its own, until it ends.

    Temporary files lie in a folder that is removed however the child ends.

    Args:
        module: its name; its `main` runs within `guarded`.
        order: its standard input.
        told: is given each line of its standard output.

    Raises:
        HostError: of the kind that the child raised, or ModelError where it died.
    """
    failure: Failure | None = None
    with (
        tempfile.TemporaryDirectory(prefix="dynasplit-prepare-") as folder,
        tempfile.TemporaryFile() as complaint,  # a pipe that nobody reads would fill up
        _lifeline() as lifeline,
    ):
        child = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaint,
            cwd=_ROOT,
            env={**os.environ, "TMPDIR": folder, _LIFELINE: str(lifeline)},
            pass_fds=(lifeline,),
        )
        assert child.stdin
        assert child.stdout
        try:
            try:
                child.stdin.write(order)
                child.stdin.close()
            except BrokenPipeError:  # it died before it read its order; why is found below
                pass
            for line in child.stdout:
                words = line.decode(errors="replace").rstrip("\n")
                failure = _failure(words) or failure
                told(words)
            code = child.wait()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        complaint.seek(0)
        said = complaint.read().decode(errors="replace")
    if failure is not None:
        raise error_of(failure)
    if code:
        raise ModelError(died(code, said))


@contextmanager
def _lifeline() -> Iterator[int]:
    """The child's end of a pipe, whose other end closes with this process."""
    read, write = os.pipe()
    try:
        yield read
    finally:
        os.close(read)
        os.close(write)


def _failure(line: str) -> Failure | None:
    if not line.startswith(FAILED_MARK):
        return None
    try:
        return msgspec.json.decode(line.removeprefix(FAILED_MARK), type=Failure)
    except msgspec.MsgspecError:
        return None


def error_of(failure: Failure) -> HostError:
    """The error of a failure: its own kind where it is of this project's tree."""
    kind = getattr(errors, failure.kind, None)
    if isinstance(kind, type) and issubclass(kind, HostError):
        return kind(failure.message)
    words = meaningful(failure.message) or "it said nothing"
    if failure.kind == "NoRoom":
        return ArtifactError(f"there is no room left on the disk: {words}")
    if failure.kind == "MemoryError":
        return ModelError(f"the memory of this machine was not enough (MemoryError): {words}")
    return ModelError(f"{failure.kind}: {words}")


def died(code: int, said: str) -> str:
    """How a child died that said no error itself, in words.

    Args:
        code: its exit code; negative: of a signal.
        said: its standard error.
    """
    last = meaningful(said)
    tail = f"; its last words: {last}" if last else ""
    if code >= 0:
        return f"{DIED}ended with exit code {code}{tail}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    why = " (was killed; out of memory?)" if name == "SIGKILL" else ""
    return f"{DIED}was ended by {name}{why}{tail}"


def meaningful(said: str) -> str:
    """The last line that is neither a library's log nor part of a traceback; empty: none."""
    lines = [line.strip() for line in said.splitlines() if not _NOISE.match(line)]
    return lines[-1][:_LONGEST] if lines else ""
