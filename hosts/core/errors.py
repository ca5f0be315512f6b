"""Everything that can go wrong on a host, as one tree.

HostError
├── KnobError        a hardware setting was refused, or did not read back
│   ├── NotHeldError   a setting was made, and was another one after the window  (transient)
│   └── RestoreError   a setting could not be put back to what it was
├── BusyError        another controller's agent uses the host
├── MeterError       a power meter gives no readings
├── ArtifactError    a network's file is missing, truncated or of another kind
├── ModelError       no such network, split point or tensor
├── WireError        a message of another version, shape or size
├── LinkError        the other host does not answer, or the stream to it broke  (transient)
├── BoardError       an emulated board was asked for what it does not have
└── ExtensionError   an extension cannot be used: its folder, a name, a description

A message says what was asked, what was found and what is allowed. Whether to try again is
decided by type, except for what the operating system says: `is_transient` knows both.
"""

import contextlib
import errno
import re
import sys
import traceback

_PASSES = {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIMEDOUT}
"""What the operating system says of things that may be otherwise in a moment."""
_UNPRINTABLE = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


def is_transient(error: BaseException) -> bool:
    """True if the same may succeed when it is tried again."""
    if isinstance(error, OSError):
        return error.errno in _PASSES
    return bool(getattr(error, "transient", False))


class HostError(Exception):
    """Root of the errors raised on a host."""

    transient = False


def printable(text: str) -> str:
    """A text with a sign in place of what no terminal should be sent, or cannot be.

    Errors quote what peers and files hold: control characters, bytes that are no UTF-8.
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(error: BaseException) -> str:
    """Any error's words in one line, with its class where that is not one of ours."""
    words = printable(" ".join(str(error).split()))
    if isinstance(error, HostError):
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def log_traceback(error: BaseException) -> None:
    """Write an error's traceback to the program's log, in lines that no message takes up."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        with contextlib.suppress(OSError):  # nobody may listen any more
            print(f"| {line}", file=sys.stderr, flush=True)


class KnobError(HostError):
    """A hardware setting was refused, or reads back as something else."""


class NotHeldError(KnobError):
    """A setting did not last through a window."""

    transient = True


class RestoreError(KnobError):
    """Settings could not be put back; what they were stays on record."""


class BusyError(HostError):
    """Another controller's agent uses the host."""


class MeterError(HostError):
    """A power meter gives no readings, or none that can be used."""


class ArtifactError(HostError):
    """A file of a network is missing, truncated or of another kind."""


class ModelError(HostError):
    """No such network or split point, or a tensor that does not fit."""


class WireError(HostError):
    """A message of another protocol version, or malformed."""


class LinkError(HostError):
    """The other host does not answer, or the stream to it broke."""

    transient = True


class BoardError(HostError):
    """An emulated board was asked for something that it does not have."""


class ExtensionError(HostError):
    """An extension cannot be used: its folder, the name of a module, or what a module says."""
