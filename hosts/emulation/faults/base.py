"""The base of faults: how one describes itself, when it acts, and what it bends.

A fault is one file of this folder: a class with the file's name, of one of the bases below, each of
which stands for a place where boards can be bent: its frequency, its meter, other programs' load,
its work, its link, its clock, its end. All happens in board time and depends on the board's seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hosts.emulation.clock import NS_PER_S

Value = str | int | float | None
Asked = Mapping[str, Value]
"""A fault as it is asked for: `fault`, `host`, `after_s`, `for_s`, and its parameters."""
Reading = tuple[int, float]
"""The middle of a meter's period in ns, and W."""
ROLES = ("edge", "cloud")


@dataclass(frozen=True)
class Parameter:
    """A number that a fault takes; its name carries its unit.

    Attributes:
        default: None: see the meaning.
        least: smallest number allowed. most: greatest.
        whole: without a fraction.
    """

    name: str
    default: float | None
    least: float
    most: float
    meaning: str
    whole: bool = False

    @property
    def allowed(self) -> str:
        """The range in words."""
        kind = "whole numbers from" if self.whole else "from"
        return f"{kind} {self.least:g} to {self.most:g}"

    def allows(self, value: Value) -> bool:
        """True if it may have this value."""
        if value is None:
            return self.default is None
        if isinstance(value, (str, bool)):
            return False
        return self.least <= value <= self.most and not (self.whole and value % 1)


TIMES = (
    Parameter("after_s", 0.0, 0.0, 1e7, "board time at which it begins to act"),
    Parameter("for_s", None, 0.001, 1e7, "how long it acts; null: to the end"),
)
"""What every fault takes."""


class Fault:
    """A fault of one host's board.

    Attributes:
        name: its file's.
        meaning: one line.
        place: where it acts, in a word.
        hosts: the hosts that can have it; the first one has it if nothing is said.
        parameters: what it takes beside its times.
        excludes: of faults with the same word here, one acts on a host at a time; empty: any may.
        values: the value of each parameter. words: the fault as people read it.
    """

    name: ClassVar[str]
    meaning: ClassVar[str]
    place: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]] = ROLES
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    excludes: ClassVar[str] = ""

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        self.seed, self.words = seed, words_of(asked)
        self.values = {p.name: asked.get(p.name, p.default) for p in self.parameters}
        self.after_ns, self.until_ns = span_ns(asked)

    def number(self, name: str) -> float:
        """The value of a parameter that has one."""
        value = self.values[name]
        assert isinstance(value, (int, float))
        return value

    def ns(self, name: str) -> int:
        """The value of a parameter in s, in ns."""
        return round(self.number(name) * NS_PER_S)

    def acts(self, at_ns: int) -> bool:
        """True if it acts at a time."""
        return self.after_ns <= at_ns and (self.until_ns is None or at_ns < self.until_ns)

    def next_change_ns(self, at_ns: int, busy: bool) -> int | None:
        """The next time after `at_ns` at which it acts otherwise, if the board goes on so."""
        edges = [ns for ns in (self.after_ns, self.until_ns) if ns is not None and ns > at_ns]
        return min(edges, default=None)


class FrequencyFault(Fault):
    """The edge's CPU frequency is another one than was set.

    Attributes:
        shows: cur_freq tells the frequency at which the CPU runs, and not the one that was set.
    """

    place = "frequency"
    hosts = ("edge",)
    excludes = "frequency"
    shows: ClassVar[bool] = True

    def __init__(self, asked: Asked, seed: int = 0) -> None:
        super().__init__(asked, seed)
        self.begin(0.0)

    def begin(self, mhz: float) -> None:
        """The board is switched on at this frequency."""
        self.before_mhz = self.set_mhz = mhz
        self.set_ns = -1

    def running_mhz(self, set_mhz: float, at_ns: int) -> float:
        """The frequency at which it runs; times ascend."""
        if set_mhz != self.set_mhz:
            self.before_mhz = self.running_mhz(self.set_mhz, at_ns)
            self.set_mhz, self.set_ns = set_mhz, at_ns
        return self.bent_mhz(at_ns) if self.acts(at_ns) else set_mhz

    def bent_mhz(self, at_ns: int) -> float:
        """The frequency while it acts; `set_mhz`, `before_mhz` and `set_ns` say what was set."""
        raise NotImplementedError

    def sooner_ns(self, change_ns: int | None, at_ns: int, delay_ns: int) -> int | None:
        """The next change, where one comes so long after the last write."""
        turns_ns = self.set_ns + delay_ns
        if not self.acts(self.set_ns) or turns_ns <= at_ns:
            return change_ns
        return turns_ns if change_ns is None else min(turns_ns, change_ns)

    def passes(self, start_ns: int, end_ns: int, busy: bool) -> None:
        """Board time goes on, with work or without."""


class MeterFault(Fault):
    """A meter's readings are others than they should be."""

    place = "meter"

    def bent(self, reading: Reading) -> Reading | None:
        """What the meter says in place of each of its readings, in turn; None: nothing."""
        return self.acting(reading) if self.acts(reading[0]) else reading

    def acting(self, reading: Reading) -> Reading | None:
        """The same, while it acts."""
        raise NotImplementedError


class OutletFault(Fault):
    """A meter stands before another supply than its host's."""

    place = "meter"
    excludes = "outlet"

    def true_w(self, own_w: float, other_w: float) -> float:
        """The power that it measures while it acts."""
        raise NotImplementedError


class LoadFault(Fault):
    """Somebody else's programs draw power, and take CPU time, on a host."""

    place = "host"

    def extra_w(self, at_ns: int, baseline: bool) -> float:
        """The power that they draw; `baseline`: while an idle baseline is measured."""
        raise NotImplementedError

    def taken_share(self, at_ns: int) -> float:
        """The share of CPU time that they take."""
        return 0.0


class LinkFault(Fault):
    """The link is slower than it was."""

    place = "link"
    hosts = ("edge",)

    def transfer_ms(self, transfer_ms: float, base_ms: float, draw: tuple[object, ...]) -> float:
        """How long a transfer takes while it acts.

        Args:
            transfer_ms: without it.
            base_ms: the part of it that is the same for any size.
            draw: names the transfer.
        """
        raise NotImplementedError


class TimerFault(Fault):
    """The end of an inference is noticed late."""

    place = "timer"
    hosts = ("edge",)

    def noticed_ns(self, start_ns: int, end_ns: int) -> int:
        """When the next end is noticed, of an inference begun at `start_ns`."""
        raise NotImplementedError


class ClockFault(Fault):
    """A host's clock goes otherwise than board time."""

    place = "clock"
    excludes = "clock"

    def ahead_ns(self, at_ns: int) -> float:
        """By how much the clock is ahead at a time."""
        raise NotImplementedError


class DeathFault(Fault):
    """A program ends in the midst of a run.

    Attributes:
        victim: `agent`, `meter`, `board` or `sshd`.
    """

    place = "program"
    victim: ClassVar[str]


class DiskFault(Fault):
    """Files of a host cannot be written."""

    place = "disk"


def span_ns(asked: Asked) -> tuple[int, int | None]:
    """When a fault begins to act, and when it ends."""
    after_s, for_s = asked.get("after_s", 0.0), asked.get("for_s")
    assert isinstance(after_s, (int, float))
    assert not isinstance(for_s, str)
    after_ns = round(after_s * NS_PER_S)
    return after_ns, None if for_s is None else after_ns + round(for_s * NS_PER_S)


def words_of(asked: Asked) -> str:
    """`lagging_meter on edge (lag_s 2, after_s 60)`."""
    told = [f"{k} {v:g}" for k, v in asked.items() if isinstance(v, (int, float)) and v]
    return f"{asked['fault']} on {asked['host']}" + (f" ({', '.join(told)})" if told else "")
