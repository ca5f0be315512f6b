"""What a preflight asks of hosts: messages to agents, and what is told before there is an agent."""

from __future__ import annotations

import msgspec

from hosts.wire.messages import Message


class FirstLook(msgspec.Struct, kw_only=True):
    """What an interpreter without any package tells of its host.

    Attributes:
        python: its version, three numbers. bits: of its pointers. machine: as `uname -m` says.
        versions: of packages by name; None: not installed.
        free_mb: room at each folder that is used. node: the host's own name.
        kernel: names the running kernel and network of the host: equal for two ways to one host.
        board: an emulated board stands behind it.
        failed: what could not be looked at, and why.
    """

    python: tuple[int, int, int]
    bits: int
    machine: str = ""
    versions: dict[str, str | None] = {}
    free_mb: dict[str, float] = {}
    node: str = ""
    kernel: str = ""
    board: bool = False
    failed: dict[str, str] = {}


class KnobLook(msgspec.Struct, kw_only=True):
    """One knob on a host.

    Attributes:
        values: what the host offers. shut: files that this user may not write.
        trouble: why it cannot be looked at.
    """

    values: tuple[int | str | bool, ...] = ()
    shut: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def varies(self) -> bool:
        """True if there is more than one value to search."""
        return len(self.values) > 1 and not self.trouble


class Look(msgspec.Struct, kw_only=True):
    """What the pushed programs tell of a host without changing it.

    Attributes:
        knobs: by name.
        load_pct: busy share of all CPUs; None: not known. swapping: pages moved meanwhile.
        temperature_c: None: no sensor.
        throttling: what its firmware says of now, and of the time since its start; None: nothing.
        shut_folders: folders that this user may not write.
    """

    knobs: dict[str, KnobLook] = {}
    load_pct: float | None = None
    swapping: bool = False
    temperature_c: float | None = None
    throttling: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    shut_folders: tuple[str, ...] = ()


class ClockOrder(Message):
    """Ask a host's clock; an emulated board rests until the order's board time first."""


class Clock(Message):
    """The host's clock, which is also that of its meters."""

    now_ns: int


class LoopOrder(Message):
    """Go through a loop of pure computing on one CPU, several times. `run` keys emulated noise."""

    run: str
    iterations: int
    repeats: int


class Looped(Message):
    """How long each time took."""

    durations_s: tuple[float, ...]


class BurdenOrder(Message):
    """Rest and then load all CPUs, in turns of (rest, load) seconds."""

    run: str
    turns_s: tuple[tuple[float, float], ...]


class LoadDone(Message):
    """Start and end of each load on the host's clock, and of the whole."""

    spans_ns: tuple[tuple[int, int], ...]
    start_ns: int
    end_ns: int


class RestoreOrder(Message):
    """Put the knobs back now."""


class Restored(Message):
    """What is not as it was, by knob: in words."""

    unlike: dict[str, str]


class LinkOrder(Message):
    """Edge: send to the cloud's tensor port and wait for its answers."""


class LinkReport(Message):
    """The median round trip of a small message, and the rate of large ones."""

    round_trip_s: float
    mbit_s: float


class CostOrder(Message):
    """Ask what programs have cost so far; meters by the arguments of their programs."""

    meters: tuple[tuple[str, str], ...]


class Cost(Message):
    """CPU time so far of the agent and of the meters' programs, the clock, and the CPUs."""

    agent_s: float
    meters_s: float
    now_ns: int
    cpus: int
