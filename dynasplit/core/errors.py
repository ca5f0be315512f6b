"""Everything that can go wrong in the controller, as one tree.

DynaSplitError
├── ConfigurationError      asked for something that there is not; nothing was started
├── DataError               a table, front or workload file cannot be used (file, row, column)
├── CacheError              prepared networks cannot be kept, or read back
├── ResultsError            the results folder cannot be written, or belongs to another run
├── TestbedError            a host, or the way to it
│   ├── HostUnreachable       no answer                                   (transient)
│   ├── HostKeyRefused        the host's key is unknown, or another one
│   ├── LoginRefused          the host does not take our key
│   ├── HostProgramFailed     a program on a host ended or answered with an error
│   └── KnobRefused           a hardware setting is not offered, or did not read back
└── MeasurementError        one measurement cannot be used
    └── WindowInvalid         too few samples, or a gap in the trace        (transient)

A message says what was asked, what was found and what is allowed. Whether to try again is
decided by type: `transient` is a class attribute.
"""


class DynaSplitError(Exception):
    """Root of the tree."""

    transient = False


class ConfigurationError(DynaSplitError):
    """The run as asked for cannot be; raised before anything starts."""


class DataError(DynaSplitError):
    """A file of runs, requests or a front cannot be used."""


class CacheError(DynaSplitError):
    """The cache of prepared networks cannot be written, or what is in it not be used."""


class ResultsError(DynaSplitError):
    """The results folder cannot be written, or is in use."""


class TestbedError(DynaSplitError):
    """A host, or the way to it, failed."""

    __test__ = False  # pytest: not a test class


class HostUnreachable(TestbedError):
    """A host does not answer."""

    transient = True


class HostKeyRefused(TestbedError):
    """A host showed a key that is not the one known for it."""


class LoginRefused(TestbedError):
    """A host did not take our key."""


class HostProgramFailed(TestbedError):
    """A program on a host ended early or answered with an error."""


class KnobRefused(TestbedError):
    """A hardware setting is not offered by the host, or did not read back."""


class MeasurementError(DynaSplitError):
    """One measurement cannot be used."""


class WindowInvalid(MeasurementError):
    """A measured window has too few samples, or a gap."""

    transient = True
