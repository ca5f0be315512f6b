"""Starts a meter's program, collects its readings, and starts it anew where it has ended."""

from __future__ import annotations

import bisect
import contextlib
import shlex
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import paramiko

from dynasplit.core.errors import HostProgramFailed, TestbedError, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.address import MeterSpec
from dynasplit.testbed.connection import NO_CODE
from dynasplit.testbed.last_words import LastWords
from dynasplit.testbed.meter_clock import MeterClock, OneClock
from dynasplit.testbed.program_host import ProgramHost
from dynasplit.testbed.programs import python_of
from hosts.core.errors import WireError
from hosts.wire.readings import MeterHeader, read_header, read_reading

STARTS = 3
"""Starts of a meter program in a row, after the first one, without a window that it covered."""

_START_S = 20.0
_END_S = 2.0
_KEPT = 200_000


@dataclass
class _Series:
    """One channel's readings so far."""

    times_ns: list[int] = field(default_factory=list)
    watts: list[float] = field(default_factory=list)

    def add(self, time_ns: int, watts: float) -> None:
        """Take over a reading."""
        self.times_ns.append(time_ns)
        self.watts.append(watts)

    def forget(self) -> None:
        """Keep memory bounded: windows are asked for in the order of time."""
        if len(self.times_ns) > _KEPT:
            del self.times_ns[: -_KEPT // 2], self.watts[: -_KEPT // 2]


class MeterStream:
    """Collects the readings of one meter program, by channel.

    A program that has ended, or that was silent for a whole window, is begun anew.

    Attributes:
        header: what the meter says of itself.
        channels: names of its channels.
    """

    def __init__(
        self,
        host: ProgramHost,
        spec: MeterSpec,
        programs: str,
        log: Path | None = None,
        clock: MeterClock | None = None,
    ) -> None:
        """Start the program.

        Args:
            host: the machine that it runs on.
            spec: which one, and how it is reached.
            programs: the folder above the pushed programs.
            log: where the program's complaints are kept; None: only their last ones.
            clock: brings times to the measured host's; None: it is the one that it runs on.

        Raises:
            HostProgramFailed: the program does not start, or says something else than a meter.
            ConnectionLost: it has ended with its connection.
        """
        self._host, self._log = host, log
        self._clock = clock or OneClock()
        self._name = f"meter {spec.name!r} on {host.address}"
        options = msgspec.json.encode(spec.options).decode()
        self._command = (
            f"echo $$; {python_of(host.address, programs)} -m hosts.agents.meter_stream "
            f"{shlex.quote(spec.name)} {shlex.quote(options)}"
        )
        self._fresh = threading.Condition()
        self._starts_in_vain = 0
        self._failure: str | None = None
        self.header = self._start()
        self.channels = tuple(channel.name for channel in self.header.channels)
        self._collect_from_now()

    def make_ready(self) -> None:
        """Before a window: begin the program anew if it has ended, and compare clocks.

        Raises:
            ConnectionLost: it has ended with its connection.
            HostUnreachable: a machine does not tell its clock.
            WindowInvalid: it does not start; the next time may do.
            HostProgramFailed: it was begun anew too often without a window that it covered, or
                another meter is there now.
        """
        self._clock.compare()
        if self._failure is None:
            return
        self._check_connected()
        if self._starts_in_vain == STARTS:
            raise HostProgramFailed(
                f"{self._name} was begun anew {STARTS} times and has covered no window since: "
                f"{self._failure}"
            )
        self._starts_in_vain += 1
        self.close()
        try:
            header = self._start()
        except HostProgramFailed as error:
            self._failure = str(error).removeprefix(f"{self._name} ")
            raise WindowInvalid(str(error)) from error
        if header != self.header:
            self.close()
            raise HostProgramFailed(
                f"{self._name} was {self.header.identity!r}; begun anew it is {header.identity!r} "
                "or measures something else: its readings cannot be compared"
            )
        self._collect_from_now()

    def allow_start(self) -> None:
        """Let it be begun anew once more, however often it was in vain."""
        self._starts_in_vain = min(self._starts_in_vain, STARTS - 1)

    def trace(self, channel: str, start_ns: int, end_ns: int, timeout_s: float) -> Trace:
        """A channel's readings around a window, once it has covered it.

        Args:
            channel: its name.
            start_ns: the window's start on the host's clock, from which the trace's times count;
                two periods before it are given too.
            end_ns: the window's end; the first reading from there on is the last one given,
                whatever has come since.
            timeout_s: how long to wait for readings that come late.

        Raises:
            WindowInvalid: the readings do not cover the window in time, or their times are not
                known closely enough.
            ConnectionLost: they end with the connection.
        """
        self._clock.settle(start_ns, end_ns)
        uncertain_s = self._clock.uncertain_s(start_ns, end_ns)
        zero_ns, end_ns = start_ns, self._clock.on_meter_ns(end_ns)
        start_ns = self._clock.on_meter_ns(start_ns)
        margin_ns = round(2 * self.header.period_s * 1e9)
        series = self._series[channel]

        def is_covered() -> bool:
            return bool(series.times_ns) and series.times_ns[-1] >= end_ns

        with self._fresh:
            before_ns = series.times_ns[-1:]
            self._fresh.wait_for(lambda: is_covered() or self._failure, timeout_s)
            if not is_covered():
                self._check_connected()
                silent = f"no {channel} reading for its end in {timeout_s:g} s"
                if self._failure is None and series.times_ns[-1:] == before_ns:
                    self._failure = f"it has been silent for {timeout_s:g} s"  # begun anew, then
                raise WindowInvalid(
                    f"{self._name} did not cover the window: {self._failure or silent}"
                )
            times_ns = np.asarray(series.times_ns, dtype=np.int64)
            watts = np.asarray(series.watts)
            series.forget()
        if times_ns[0] <= start_ns + margin_ns:
            self._starts_in_vain = 0
        first = np.searchsorted(times_ns, start_ns - margin_ns)
        near = slice(first, np.searchsorted(times_ns, end_ns) + 1)
        times_s = (self._clock.on_host_ns(times_ns[near]) - zero_ns) / 1e9
        return Trace(times_s, watts[near], self.header.period_s, self.header.max_w, uncertain_s)

    def readings(self, channel: str, from_ns: int, end_ns: int, zero_ns: int) -> Trace:
        """A channel's readings between two times, as they are there; times count from `zero_ns`."""
        with self._fresh:
            series = self._series[channel]
            first = bisect.bisect_left(series.times_ns, self._clock.on_meter_ns(from_ns))
            last = bisect.bisect_right(series.times_ns, self._clock.on_meter_ns(end_ns))
            times_ns = np.asarray(series.times_ns[first:last], dtype=np.int64)
            watts = np.asarray(series.watts[first:last])
        times_s = (self._clock.on_host_ns(times_ns) - zero_ns) / 1e9
        return Trace(times_s, watts, self.header.period_s)

    def first_values_w(self, timeout_s: float, awaited: Collection[str]) -> dict[str, float]:
        """The first reading of each channel that gives one in time; 0 W if it gives no other.

        It waits for those that are awaited. Of a counter that does not move there is none.
        """
        with self._fresh:
            self._fresh.wait_for(
                lambda: self._failure or all(any(self._series[n].watts) for n in awaited), timeout_s
            )
            return {
                name: next((w for w in s.watts if w), 0.0)
                for name, s in self._series.items()
                if s.watts
            }

    @property
    def failure(self) -> str | None:
        """Why it gives no more readings; None: it goes on."""
        return self._failure

    def close(self) -> None:
        """End the meter program, and let it say its last, which a closed channel would not take.

        One that does not end is killed: a meter often takes one connection alone.
        """
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.shutdown_write()
            self._channel.status_event.wait(_END_S)
        if self._pid and not self._channel.exit_status_ready():
            with contextlib.suppress(TestbedError):
                self._host.feed(f"kill -KILL {self._pid}", timeout_s=_END_S)
        self._channel.close()

    def _check_connected(self) -> None:
        """Raise ConnectionLost if the program has ended with its connection."""
        if self._channel.exit_status_ready() and self._channel.exit_status == NO_CODE:
            self._host.check_lasts(f"the {self._name.partition(' on ')[0]}")

    def _start(self) -> MeterHeader:
        """Start the program; returns its header."""
        self._channel = self._host.start(self._command)
        self._channel.settimeout(_START_S)
        self._words = LastWords(self._channel, self._log)
        self._lines, self._pid = self._channel.makefile("rb"), 0
        try:
            pid = self._lines.readline()  # of the shell, which the program takes the place of
            self._pid = int(pid) if pid.strip().isdigit() else 0
            first = (self._lines.readline() if self._pid else pid).decode(errors="replace")
        except TimeoutError as error:
            self.close()
            raise HostProgramFailed(f"{self._name} said nothing in {_START_S} s") from error
        if not first:
            self._channel.status_event.wait(_END_S)
            self._check_connected()
            raise HostProgramFailed(f"{self._name} did not start: {self._words.text()}")
        try:
            header = read_header(first)
        except WireError as error:
            self.close()
            raise HostProgramFailed(f"{self._name}: {error}") from error
        self._channel.settimeout(None)
        return header

    def _collect_from_now(self) -> None:
        """Collect what the program says from here on."""
        with self._fresh:
            self._series = {name: _Series() for name in self.channels}
            self._failure = None
        threading.Thread(
            target=self._collect, args=(self._lines, self._series, self._words), daemon=True
        ).start()

    def _collect(
        self, lines: Iterable[bytes], series: Mapping[str, _Series], words: LastWords
    ) -> None:
        try:
            for line in lines:
                time_ns, watts = read_reading(line.decode(errors="replace"), len(series))
                with self._fresh:
                    for name, value in zip(series, watts, strict=True):
                        if value is not None:
                            series[name].add(time_ns, value)
                    self._fresh.notify_all()
            failure = f"it has ended: {words.text()}"
        except (OSError, WireError) as error:
            failure = str(error)
        with self._fresh:
            if self._series is series:  # else another program is read by now
                self._failure = failure
            self._fresh.notify_all()
