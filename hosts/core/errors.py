"""Everything that can go wrong on a host, as one tree.

HostError
├── KnobError        a hardware setting was refused, or did not read back
├── MeterError       a power meter gives no readings
├── ArtifactError    a network's file is missing, truncated or of another kind
├── ModelError       no such network, split point or tensor
├── WireError        a message of another version, shape or size
├── LinkError        the other host does not answer, or the stream to it broke  (transient)
├── BusyError        this host does something else just now                     (transient)
├── BoardError       an emulated board was asked for what it does not have
└── ExtensionError   an extension cannot be used: its folder, a name, a description

A message says what was asked, what was found and what is allowed. Whether to try again is
decided by type, except for what the operating system says: `is_transient` knows both.
"""

import errno

_PASSES = {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIMEDOUT}
"""What the operating system says of things that may be otherwise in a moment."""


def is_transient(error: BaseException) -> bool:
    """True if the same may succeed when it is tried again."""
    if isinstance(error, OSError):
        return error.errno in _PASSES
    return bool(getattr(error, "transient", False))


class HostError(Exception):
    """Root of the errors raised on a host."""

    transient = False


class KnobError(HostError):
    """A hardware setting was refused, or reads back as something else."""


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


class BusyError(HostError):
    """This host does something else just now."""

    transient = True


class BoardError(HostError):
    """An emulated board was asked for something that it does not have."""


class ExtensionError(HostError):
    """An extension cannot be used: its folder, the name of a module, or what a module says."""
