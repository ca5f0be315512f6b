"""The interface of power meters, and how one is found by its name.

A meter that is asked is a `PolledMeter`: its file says its channels, its identity, its error, and
`read()`. How often it is asked, of when a reading is, what is a duplicate, and how counters become
power, is in `_polling.py`, once for all.
"""

from __future__ import annotations

import importlib
import inspect
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from hosts.core.errors import HostError, MeterError, one_line
from hosts.core.modules import module_names
from hosts.core.rights import FileRight, Right
from hosts.meters._polling import MONOTONIC, PollingClock, poll
from hosts.wire.readings import Channel, MeterHeader, Reading

Option = str | int | float | bool
_SERIAL = re.compile(r"ASRL/(dev/[^:]+)")  # VISA's name of a serial port


class Meter(ABC):
    """One instrument on this host.

    Attributes:
        channels: what it measures, each with another name.
        identity: the instrument's own, with its serial number where it tells one.
        error_pct: bound of its stated error, the part that is relative to the reading, in percent.
        error_range_w: the other part, that of its range, in W; None: not stated.
        period_s: the time between readings, as it is asked for.
        updates_s: the instrument's own time between new values; None: not known.
        averaging_s: each power is the mean over so long; None: not stated.
        delay_s: a value is there so long after what it is of; None: not stated.
        max_w: no channel can draw more (every meter's option of this name); None: not said.
        emulated: an emulated board stands behind it.
        estimated: its powers are computed from what the host does, and not measured.
    """

    channels: tuple[Channel, ...]
    identity: str
    error_pct: float
    error_range_w: float | None = None
    period_s: float = 0.1
    updates_s: float | None = None
    averaging_s: float | None = None
    delay_s: float | None = None
    max_w: float | None = None
    emulated: bool = False
    estimated: bool = False

    @property
    def readings_s(self) -> float:
        """The time between readings: it is not asked faster than it has new values."""
        return max(self.period_s, self.updates_s or 0.0)

    @abstractmethod
    def readings(self) -> Iterator[list[Reading]]:
        """Readings in batches as they come, the times of each channel ascending.

        A reading has the time that it is of, not that at which it was asked for.

        Raises:
            MeterError: the instrument gives none, or gives something that is no power.
        """

    def header(self, name: str) -> MeterHeader:
        """The meter's account of itself; `name` is its file's."""
        return MeterHeader(
            meter=name,
            identity=self.identity,
            channels=self.channels,
            period_s=self.readings_s,
            error_pct=self.error_pct,
            emulated=self.emulated,
            error_range_w=self.error_range_w,
            averaging_s=self.averaging_s,
            delay_s=self.delay_s,
            max_w=self.max_w,
            estimated=self.estimated,
        )


class PolledMeter(Meter):
    """A meter that is asked once a period.

    Attributes:
        clock: tells the time and waits.
    """

    clock: PollingClock = MONOTONIC

    @abstractmethod
    def read(self) -> Sequence[float | None]:
        """The values now, one a channel: W, or what a counter reads in J. None: no value.

        Raises:
            MeterError: the instrument does not answer, or answers something else.
        """

    def readings(self) -> Iterator[list[Reading]]:
        """Power at each asking, and mean power between two steps where counters are read."""
        return poll(
            self.channels,
            self.read,
            self.readings_s,
            self.clock,
            updates_s=self.updates_s,
            delay_s=self.delay_s or 0.0,
            averaging_s=self.averaging_s or 0.0,
        )


def names() -> list[str]:
    """The meters there are: this folder's modules."""
    return module_names(importlib.import_module("hosts.meters").__path__)


def rights_of(name: str, options: Mapping[str, Option]) -> tuple[Right, ...]:
    """The rights that a meter of this name, with these options, needs on its host."""
    module = importlib.import_module(f"hosts.meters.{name}")
    device = _SERIAL.match(str(options.get("resource", "")))
    serial = (FileRight(device[1], write=True),) if device else ()
    return (*getattr(module, "RIGHTS", ()), *serial)


def build(name: str, options: Mapping[str, Option]) -> Meter:
    """The meter of that name.

    Raises:
        MeterError: no such meter, it does not take these options, or it cannot be opened.
    """
    if name not in names():
        raise MeterError(f"meter {name!r} asked; there are: {', '.join(names())}")
    given = f"meter {name!r} with options {dict(options)}"
    max_w, own = options.get("max_w"), {k: v for k, v in options.items() if k != "max_w"}
    if max_w is not None and (isinstance(max_w, bool | str) or not 0 < max_w < math.inf):
        raise MeterError(f"{given}: max_w={max_w!r}; allowed: a power above 0 W")
    try:
        make = importlib.import_module(f"hosts.meters.{name}").build
        try:
            inspect.signature(make).bind(**own)
        except TypeError as error:
            allowed = ", ".join((*inspect.signature(make).parameters, "max_w"))
            raise MeterError(f"{given}: {error}; allowed: {allowed}") from error
        meter: Meter = make(**own)
        meter.max_w = max_w
    except HostError:
        raise
    except Exception as error:  # whatever the libraries of meters raise
        raise MeterError(f"{given} cannot be opened: {one_line(error)}") from error
    return meter
