"""Everything that can go wrong in the controller, as one tree.

DynaSplitError
├── ConfigurationError      asked for something that there is not; nothing was started
├── DataError               a table, front or workload file cannot be used (file, row, column)
├── CacheError              prepared networks cannot be kept, or read back
├── ResultsError            the results folder cannot be written, or belongs to another run
├── TestbedError            a host, or the way to it
│   ├── HostUnreachable       no answer                                   (transient)
│   │   └── LinkLost            the edge's stream to the cloud broke          (transient)
│   ├── ConnectionLost        the SSH connection has ended, and its programs with it
│   ├── AgentEnded            an agent has ended by itself, or was killed
│   ├── HostKeyRefused        the host's key is unknown, or another one
│   ├── LoginRefused          the host does not take our key
│   ├── HostBusy              another controller uses the host
│   ├── HostProgramFailed     a program on a host ended or answered with an error
│   │   └── HostNotReady        it could not do just now what was asked       (transient)
│   ├── PreflightFailed       checks of the hosts found what keeps them from measuring
│   ├── GateFailed            a gate that is set to stop found what cannot be trusted
│   ├── KnobRefused           a hardware setting is not offered, or did not read back
│   │   └── KnobNotHeld         it did not last through a window              (transient)
│   └── KnobsNotRestored      a host's settings are not known to be what they were
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


class LinkLost(HostUnreachable):
    """The stream between edge and cloud broke, or the cloud stays silent on it."""


class ConnectionLost(TestbedError):
    """The SSH connection to a host has ended, and with it the programs that it carried."""


class AgentEnded(TestbedError):
    """An agent has ended by itself or was killed: nothing more can be measured with it."""


class HostKeyRefused(TestbedError):
    """A host showed a key that is not the one known for it."""


class LoginRefused(TestbedError):
    """A host did not take our key."""


class HostBusy(TestbedError):
    """Another controller uses the host."""


class HostProgramFailed(TestbedError):
    """A program on a host ended early or answered with an error."""


class HostNotReady(HostProgramFailed):
    """A host could not do just now what was asked, and may be able to in a moment."""

    transient = True


class PreflightFailed(TestbedError):
    """Checks of the hosts found errors; all of them are told at once."""


class GateFailed(TestbedError):
    """A gate that is set to end the run found what cannot be trusted."""


class KnobRefused(TestbedError):
    """A hardware setting is not offered by the host, or did not read back."""


class KnobNotHeld(KnobRefused):
    """A hardware setting was made, and was another one after the window."""

    transient = True


class KnobsNotRestored(TestbedError):
    """A host's settings could not be put back, or it is not known whether they were."""


class MeasurementError(DynaSplitError):
    """One measurement cannot be used."""


class WindowInvalid(MeasurementError):
    """A measured window has too few samples, or a gap."""

    transient = True
