"""How a command ends: by itself, by an error, or by a signal; with one message and an exit code."""

from __future__ import annotations

import errno
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from dynasplit.core.errors import ConfigurationError, DynaSplitError
from dynasplit.core.passwords import masked
from hosts.core.errors import ExtensionError, printable

REFUSED, FAILED, BY_SIGNAL = 2, 1, 128
"""Exit codes; to the last one the signal's number is added."""
_NOTHING_BYTES = 1 << 14
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KEPT = "What was measured is kept; the same command goes on there"
_came: list[int] = []


def heed_signals() -> None:
    """Unwind on Ctrl-C, SIGTERM, and when the terminal closes; not on what `nohup` has ignored."""
    _came.clear()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    """A signal to end unwinds like an error, so that hosts are restored."""
    _came.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(BY_SIGNAL + number)


def guarded(work: Callable[[], None], debug: bool) -> int:
    """Do it; an error that we know becomes one message, unless the traceback is asked for.

    A library's native code may swallow what a signal raises, or turn it into an error of its own;
    it has come all the same, and nothing else is to be said.
    """
    try:
        work()
    except BaseException as error:
        if _came or isinstance(error, KeyboardInterrupt):
            return _ended(error)
        code = None if debug else _told(error)
        if code is None:
            raise
        return code
    return _ended(None) if _came else 0


def _ended(error: BaseException | None) -> int:
    """Say that a signal has ended it; returns the exit code."""
    number = _came[-1] if _came else signal.SIGINT
    with suppress(OSError):  # the terminal may be closed
        if number == signal.SIGINT:
            print(f"\nInterrupted. {_KEPT}.", flush=True)
        else:
            print(f"Ended by {signal.Signals(number).name}. {_KEPT}.", file=sys.stderr, flush=True)
        _tell_notes(error)
    return BY_SIGNAL + number


def _told(error: BaseException) -> int | None:
    """Say what went wrong; returns the exit code, or None: nothing is known of such an error."""
    match error:
        case ConfigurationError() | ExtensionError():
            code, words = REFUSED, masked(str(error))
        case DynaSplitError():
            code, words = FAILED, masked(str(error))
        case OSError() if error.errno in _NO_ROOM:
            words = (
                f"a file cannot grow: {error.strerror}{_full()}. What was measured is kept; make "
            )
            code, words = FAILED, f"{words}room, and the same command goes on there"
        case OSError() if error.errno is not None:  # a disk that fails, a folder for a file
            where = "" if error.filename is None else f"{error.filename}: "
            words = f"{where}{error.strerror}. {_KEPT} once that is mended (debug=true shows where "
            code, words = FAILED, f"{words}it arose)"
        case _:
            return None
    print(f"Error: {printable(words)}", file=sys.stderr)
    _tell_notes(error)
    return code


def _full() -> str:
    """Names the temporary folder if that is full, which nobody thinks of."""
    with suppress(OSError):
        folder = tempfile.gettempdir()
        if shutil.disk_usage(folder).free < _NOTHING_BYTES:
            return f" in the temporary folder, {folder} (TMPDIR)"
    return ""


def _tell_notes(error: BaseException | None) -> None:
    """Say what else is wrong: a host that could not be put back after the error."""
    for note in getattr(error, "__notes__", ()):
        print(f"Not put back: {printable(masked(note))}", file=sys.stderr)
