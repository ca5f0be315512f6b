"""A power meter's readings as they stream from a host over SSH."""

from __future__ import annotations

import contextlib
import shlex
import threading
from dataclasses import dataclass, field

import msgspec
import numpy as np
import paramiko

from dynasplit.core.errors import HostProgramFailed, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.address import MeterSpec
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.programs import python_of
from hosts.core.errors import WireError
from hosts.wire.readings import read_header, read_reading

_START_S = 20.0
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

    Attributes:
        header: what the meter says of itself.
        channels: names of its channels.
    """

    def __init__(self, host: HostConnection, spec: MeterSpec, programs: str) -> None:
        address = host.address
        self._name = f"meter {spec.name!r} on {address}"
        options = msgspec.json.encode(spec.options).decode()
        self._channel = host.start(
            f"{python_of(address, programs)} -m hosts.agents.meter_stream "
            f"{shlex.quote(spec.name)} {shlex.quote(options)}"
        )
        self._channel.settimeout(_START_S)
        self._lines = self._channel.makefile("rb")
        try:
            first = self._lines.readline().decode()
        except TimeoutError as error:
            raise HostProgramFailed(f"{self._name} said nothing in {_START_S} s") from error
        if not first:
            raise HostProgramFailed(f"{self._name} did not start: {self._complaint()}")
        self.header = read_header(first)
        self._channel.settimeout(None)
        self.channels = tuple(channel.name for channel in self.header.channels)
        self._series = {name: _Series() for name in self.channels}
        self._fresh = threading.Condition()
        self._failure: str | None = None
        threading.Thread(target=self._collect, daemon=True).start()

    def trace(self, channel: str, start_ns: int, end_ns: int, timeout_s: float) -> Trace:
        """A channel's readings around a window, once it has covered it.

        Args:
            channel: its name.
            start_ns: the window's start on the host's clock, from which the trace's times count;
                two periods before it are given too.
            end_ns: the window's end; likewise.
            timeout_s: how long to wait for readings that come late.

        Raises:
            WindowInvalid: the readings do not cover the window in time.
        """
        margin_ns = round(2 * self.header.period_s * 1e9)
        series = self._series[channel]
        with self._fresh:
            covered = self._fresh.wait_for(
                lambda: self._failure or (series.times_ns and series.times_ns[-1] >= end_ns),
                timeout_s,
            )
            if self._failure or not covered:
                raise WindowInvalid(
                    f"{self._name} did not cover the window: "
                    f"{self._failure or f'no {channel} reading for its end in {timeout_s:g} s'}"
                )
            times_ns = np.asarray(series.times_ns, dtype=np.int64)
            watts = np.asarray(series.watts)
            series.forget()
        near = (times_ns >= start_ns - margin_ns) & (times_ns <= end_ns + margin_ns)
        return Trace((times_ns[near] - start_ns) / 1e9, watts[near], self.header.period_s)

    def close(self) -> None:
        """End the meter program."""
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.shutdown_write()
        self._channel.close()

    def _collect(self) -> None:
        try:
            for line in self._lines:
                time_ns, watts = read_reading(line.decode(), len(self.channels))
                with self._fresh:
                    for name, value in zip(self.channels, watts, strict=True):
                        if value is not None:
                            self._series[name].add(time_ns, value)
                    self._fresh.notify_all()
            failure = f"it has ended: {self._complaint()}"
        except (OSError, WireError, UnicodeDecodeError) as error:
            failure = str(error)
        with self._fresh:
            self._failure = failure
            self._fresh.notify_all()

    def _complaint(self) -> str:
        with contextlib.suppress(OSError):
            return self._channel.recv_stderr(2000).decode(errors="replace").strip()
        return ""
