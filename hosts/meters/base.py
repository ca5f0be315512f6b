"""The interface of power meters, and how one is found by its name.

A meter that is asked is a `PolledMeter`: its file says its channels, its identity, its error, and
`read()`. How often it is asked, when a reading was, and how counters become power, is in
`_polling.py`, once for all.
"""

from __future__ import annotations

import importlib
import inspect
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
        error_pct: bound of its stated relative error, in percent.
        period_s: the time between readings.
        emulated: an emulated board stands behind it.
    """

    channels: tuple[Channel, ...]
    identity: str
    error_pct: float
    period_s: float = 0.1
    emulated: bool = False

    @abstractmethod
    def readings(self) -> Iterator[list[Reading]]:
        """Readings in batches as they come, their times ascending.

        Raises:
            MeterError: the instrument gives none, or gives something that is no power.
        """

    def header(self, name: str) -> MeterHeader:
        """The meter's account of itself; `name` is its file's."""
        return MeterHeader(
            meter=name,
            identity=self.identity,
            channels=self.channels,
            period_s=self.period_s,
            error_pct=self.error_pct,
            emulated=self.emulated,
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
        """Power at each asking, and mean power between two of them where counters are read."""
        return poll(self.channels, self.read, self.period_s, self.clock)


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
    try:
        make = importlib.import_module(f"hosts.meters.{name}").build
        try:
            inspect.signature(make).bind(**options)
        except TypeError as error:
            allowed = ", ".join(inspect.signature(make).parameters) or "none"
            raise MeterError(f"{given}: {error}; allowed: {allowed}") from error
        meter: Meter = make(**options)
    except HostError:
        raise
    except Exception as error:  # whatever the libraries of meters raise
        raise MeterError(f"{given} cannot be opened: {one_line(error)}") from error
    return meter
