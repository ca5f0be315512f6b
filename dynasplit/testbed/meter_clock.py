"""The clock of a meter's readings against the clock of the host that it measures."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from dynasplit.core.errors import HostProgramFailed, HostUnreachable
from dynasplit.testbed.clock_offset import (
    Alignment,
    ClockOffset,
    Exchange,
    Times,
    between,
    check_known,
    measured_offset,
)
from dynasplit.testbed.last_words import LastWords
from dynasplit.testbed.program_host import ProgramChannel, ProgramHost
from dynasplit.testbed.programs import python_of

EXCHANGES = 7
_PATIENCE_S = 8.0
_STALE_S = 10.0


class MachineClock:
    """A machine's clock, told by a program there, which is begun anew if it has ended."""

    def __init__(self, host: ProgramHost, programs: str) -> None:
        """Nothing is started before the clock is asked.

        Args:
            host: the machine.
            programs: the folder above the pushed programs there.
        """
        self.name = str(host.address)
        self._host = host
        self._command = f"{python_of(host.address, programs)} -m hosts.agents.clock"
        self._channel: ProgramChannel | None = None

    def offset(self) -> ClockOffset:
        """How far it is ahead of the controller's.

        Raises:
            ConnectionLost: the connection has ended. HostUnreachable: no answer in time.
            HostProgramFailed: it tells something else, or nothing.
        """
        channel = self._open()
        try:
            return measured_offset(lambda: self._exchange(channel), EXCHANGES)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            self._host.check_lasts("the program that tells its clock")
            told = self._words.text()
            self.close()
            if isinstance(error, TimeoutError):
                raise HostUnreachable(
                    f"{self.name} did not tell its clock in {_PATIENCE_S:g} s"
                ) from error
            raise HostProgramFailed(f"{self.name} does not tell its clock: {told}") from error

    def close(self) -> None:
        """End the program."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None

    def _open(self) -> ProgramChannel:
        if self._channel is not None and self._channel.exit_status_ready():
            self.close()
        if self._channel is None:
            self._channel = self._host.start(self._command)
            self._channel.settimeout(_PATIENCE_S)
            self._words = LastWords(self._channel)
            self._lines = self._channel.makefile("rb")
            self._exchange(self._channel)  # until it has started
        return self._channel

    def _exchange(self, channel: ProgramChannel) -> Exchange:
        asked_ns = time.monotonic_ns()
        channel.sendall(b"\n")
        told = self._lines.readline()
        return Exchange(asked_ns, int(told), time.monotonic_ns())


class ControllerClock:
    """The controller's own, which all are compared with."""

    name = "the controller"

    def offset(self) -> ClockOffset:
        """Zero: it is the clock that the others are compared with."""
        return ClockOffset(0, 0, time.monotonic_ns())

    def close(self) -> None:
        """Nothing was opened."""


class MeterClock(Protocol):
    """Brings times between the clock of a meter's readings and that of the host it measures."""

    def compare(self) -> None:
        """Compare both clocks now, unless that was done just before."""
        ...

    def on_meter_ns(self, host_ns: int) -> int:
        """A time of the host's clock, on the meter's."""
        ...

    def on_host_ns(self, times_ns: Times) -> Times:
        """Times of readings, on the host's clock."""
        ...

    def uncertain_s(self, start_ns: int, end_ns: int) -> float:
        """By how much times between two of the host's clock may be off."""
        ...

    def settle(self, start_ns: int, end_ns: int) -> None:
        """Have times between two of the host's clock known closely enough.

        Raises:
            WindowInvalid: they are not. TestbedError: a machine does not tell its clock.
        """
        ...


class OneClock:
    """The meter's program runs on the host that it measures: there is one clock."""

    def compare(self) -> None:
        """Nothing to compare."""

    def on_meter_ns(self, host_ns: int) -> int:
        """The same."""
        return host_ns

    def on_host_ns(self, times_ns: Times) -> Times:
        """The same."""
        return times_ns

    def uncertain_s(self, start_ns: int, end_ns: int) -> float:
        """0 s: the meter reads the host's own clock."""
        return 0.0

    def settle(self, start_ns: int, end_ns: int) -> None:
        """Nothing is open."""


class TwoClocks:
    """The meter's program runs elsewhere; its clock and the host's are compared now and then."""

    def __init__(
        self,
        meter: MachineClock | ControllerClock,
        host: MachineClock,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compare both.

        Raises:
            WindowInvalid: their offset cannot be told closely enough.
            TestbedError: a machine does not tell its clock.
        """
        self._meter, self._host, self._now_s = meter, host, now_s
        self._whose = f"{meter.name} and {host.name}"
        first = self._measured()
        check_known(first.uncertain_ns, self._whose)
        self.alignment = Alignment(first)

    def compare(self) -> None:
        """Compare both clocks now, unless that was done just before."""
        if self._now_s() - self._compared_s > _STALE_S:
            self.alignment.add(self._measured())

    def on_meter_ns(self, host_ns: int) -> int:
        """A time of the host's clock, on the meter's."""
        return self.alignment.back_ns(host_ns)

    def on_host_ns(self, times_ns: Times) -> Times:
        """Times of readings, on the host's clock."""
        return self.alignment.brought_ns(times_ns)

    def uncertain_s(self, start_ns: int, end_ns: int) -> float:
        """As the comparisons around them tell."""
        return self._uncertain_ns(start_ns, end_ns) / 1e9

    def settle(self, start_ns: int, end_ns: int) -> None:
        """Compare both after a window's end too; refuse what is then known too loosely."""
        if self.alignment.last.at_ns < self.on_meter_ns(end_ns):
            self.alignment.add(self._measured())
        check_known(self._uncertain_ns(start_ns, end_ns), self._whose)

    def _uncertain_ns(self, start_ns: int, end_ns: int) -> int:
        return self.alignment.uncertain_ns(self.on_meter_ns(start_ns), self.on_meter_ns(end_ns))

    def _measured(self) -> ClockOffset:
        self._compared_s = self._now_s()
        return between(self._host.offset(), self._meter.offset())
