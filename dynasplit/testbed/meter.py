"""A power meter's readings as they stream from a host over SSH."""

from __future__ import annotations

import contextlib
import shlex
import threading

import msgspec
import numpy as np
import paramiko

from dynasplit.core.errors import HostProgramFailed, WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.testbed.connection import HostConnection
from hosts.core.errors import WireError
from hosts.core.modules import EXTENSIONS_VARIABLE
from hosts.wire.readings import read_header, read_reading

_START_S = 20.0
_KEPT = 200_000


class MeterStream:
    """Collects the readings of one meter program.

    Attributes:
        header: what the meter says of itself.
    """

    def __init__(self, host: HostConnection, programs: str) -> None:
        address = host.address
        self._name = f"meter {address.meter!r} on {address}"
        options = msgspec.json.encode(address.meter_options).decode()
        self._channel = host.start(
            f"cd / && exec env -u {EXTENSIONS_VARIABLE} PYTHONPATH={shlex.quote(programs)} {shlex.quote(address.python)} "
            f"-m hosts.agents.meter_stream {shlex.quote(address.meter)} {shlex.quote(options)}"
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
        self._times_ns: list[int] = []
        self._watts: list[float] = []
        self._fresh = threading.Condition()
        self._failure: str | None = None
        threading.Thread(target=self._collect, daemon=True).start()

    def trace(self, start_ns: int, end_ns: int, zero_ns: int, timeout_s: float) -> Trace:
        """The readings around a window, once the meter has covered it.

        Args:
            start_ns: the window's start on the host's clock; one more reading before it is given.
            end_ns: the window's end; likewise.
            zero_ns: the time that the trace counts from.
            timeout_s: how long to wait for readings that come late.

        Raises:
            WindowInvalid: the readings do not cover the window in time.
        """
        margin_ns = round(2 * self.header.period_s * 1e9)
        with self._fresh:
            covered = self._fresh.wait_for(
                lambda: self._failure or (self._times_ns and self._times_ns[-1] >= end_ns),
                timeout_s,
            )
            if self._failure or not covered:
                raise WindowInvalid(
                    f"{self._name} did not cover the window: "
                    f"{self._failure or f'no reading for its end within {timeout_s} s'}"
                )
            times_ns = np.asarray(self._times_ns, dtype=np.int64)
            watts = np.asarray(self._watts)
            self._forget()
        near = (times_ns >= start_ns - margin_ns) & (times_ns <= end_ns + margin_ns)
        return Trace((times_ns[near] - zero_ns) / 1e9, watts[near], self.header.period_s)

    def close(self) -> None:
        """End the meter program."""
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.shutdown_write()
        self._channel.close()

    def _collect(self) -> None:
        try:
            for line in self._lines:
                time_ns, watts = read_reading(line.decode())
                with self._fresh:
                    self._times_ns.append(time_ns)
                    self._watts.append(watts)
                    self._fresh.notify_all()
            failure = f"it has ended: {self._complaint()}"
        except (OSError, WireError, UnicodeDecodeError) as error:
            failure = str(error)
        with self._fresh:
            self._failure = failure
            self._fresh.notify_all()

    def _forget(self) -> None:
        """Keep memory bounded: windows are asked for in the order of time."""
        if len(self._times_ns) > _KEPT:
            del self._times_ns[: -_KEPT // 2], self._watts[: -_KEPT // 2]

    def _complaint(self) -> str:
        with contextlib.suppress(OSError):
            return self._channel.recv_stderr(2000).decode(errors="replace").strip()
        return ""
