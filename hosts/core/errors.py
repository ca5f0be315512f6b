"""Everything that can go wrong on a host, as one tree.

HostError
├── KnobError        a hardware setting was refused, or did not read back
│   └── RestoreError   a setting could not be put back to what it was
├── BusyError        another controller's agent uses the host
├── MeterError       a power meter gives no readings
├── ArtifactError    a network's file is missing, truncated or of another kind
├── ModelError       no such network, split point or tensor
├── WireError        a message of another version, shape or size
├── BoardError       an emulated board was asked for what it does not have
├── ExtensionError   an extension cannot be used: its folder, a name, a description
└── UnforeseenError  an error of a library that nobody had thought of

A message says what was asked, what was found and what is allowed.
"""

import contextlib
import sys
import traceback


class HostError(Exception):
    """Root of the errors raised on a host."""


def one_line(error: BaseException) -> str:
    """Any error's words in one line, with its class where that is not one of ours."""
    words = " ".join(str(error).split())
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


class BoardError(HostError):
    """An emulated board was asked for something that it does not have."""


class ExtensionError(HostError):
    """An extension cannot be used: its folder, the name of a module, or what a module says."""


class UnforeseenError(HostError):
    """An error of a library that nobody had thought of; its class is in the message."""
