"""Readings that another program on this host writes: to a file, or to a socket that it listens on.

A reading is a line `unix_time_s,watts[,watts...]`, with an empty value where there is none. Lines
that begin with `#`, and a first line of words, are left out. docs/meters.md has such programs.
"""

from __future__ import annotations

import io
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from hosts.core.errors import MeterError, one_line
from hosts.meters._polling import MONOTONIC, PollingClock
from hosts.meters.base import Meter
from hosts.wire.readings import Channel, Reading

_LOOK_S = 0.05
_CONNECT_S = 5.0
_LONGEST_LINE = 4096


class External(Meter):
    """The lines' time is the wall clock's; readings have the host's monotonic clock, as all do.

    Attributes:
        clock: tells the monotonic time, and waits. wall_ns: tells the time of day.
    """

    clock: PollingClock = MONOTONIC
    wall_ns: Callable[[], int] = staticmethod(time.time_ns)

    def __init__(self, at: str, channels: str, error_pct: float, period_s: float) -> None:
        self._at, self.error_pct, self.period_s = at, error_pct, period_s
        self.identity = f"lines of {at}"
        self.channels = tuple(_channel(name.strip()) for name in channels.split(","))
        is_socket = _is_socket(at)
        self._socket = _connected(at) if is_socket else None
        self._file = None if is_socket else _opened(at)

    def readings(self) -> Iterator[list[Reading]]:
        """Each line from now on. The clocks' difference is taken anew at each."""
        late_ns = round(((self.delay_s or 0.0) + (self.averaging_s or 0.0) / 2) * 1e9)
        is_first = True
        for line in self._lines():
            text = line.strip()
            if text and not text.startswith("#"):
                reading = self._reading(text, is_first)
                is_first = False
                if reading is not None and any(w is not None for w in reading[1]):
                    yield [(reading[0] - late_ns, reading[1])]

    def _reading(self, line: str, is_first: bool) -> Reading | None:
        """A line's reading; None: a heading."""
        at, *values = line.split(",")
        try:
            at_s = float(at)
            watts = tuple(float(v) if v.strip() else None for v in values)
            if not math.isfinite(at_s) or any(w is not None and math.isinf(w) for w in watts):
                raise ValueError
        except ValueError as error:
            if is_first and not any(c.isdigit() for c in at):
                return None
            raise MeterError(
                f"{self._at}: unix_time_s,watts[,watts...] expected, found {line[:80]!r}"
            ) from error
        if len(watts) != len(self.channels):
            raise MeterError(
                f"{self._at}: {len(watts)} value(s) found in {line[:80]!r}; expected one for each "
                f"of {', '.join(c.name for c in self.channels)}"
            )
        since_ns = self.clock.now_ns() - self.wall_ns()
        return round(at_s * 1e9) + since_ns, tuple(
            None if w is None or math.isnan(w) else w for w in watts
        )

    def _lines(self) -> Iterator[str]:
        if self._file is not None:
            yield from self._written(self._file)
        assert self._socket is not None
        try:
            with self._socket, self._socket.makefile(encoding="utf-8", errors="replace") as said:
                while line := said.readline(_LONGEST_LINE):
                    yield line
        except OSError as error:
            raise MeterError(f"{self._at} gives no more lines: {one_line(error)}") from error
        raise MeterError(f"{self._at} was closed by the program that writes to it")

    def _written(self, file: TextIO) -> Iterator[str]:
        """What is written to a file after it was opened; it may be begun anew."""
        begun = ""
        while True:
            begun += file.readline(_LONGEST_LINE)
            if begun.endswith("\n") or len(begun) >= _LONGEST_LINE:
                yield begun
                begun = ""
            elif _is_another(file, self._at):
                file.close()
                file, begun = _opened(self._at, from_end=False), ""
            else:
                self.clock.sleep(_LOOK_S)


def _is_socket(at: str) -> bool:
    path = Path(at)
    return path.is_socket() or (not path.exists() and "/" not in at and at.count(":") == 1)


def _connected(at: str) -> socket.socket:
    try:
        if Path(at).is_socket():
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(_CONNECT_S)
            made.connect(at)
        else:
            host, _, port = at.partition(":")
            made = socket.create_connection((host, int(port)), _CONNECT_S)
        made.settimeout(None)
    except (OSError, ValueError) as error:
        raise MeterError(f"no program listens at {at}: {one_line(error)}") from error
    return made


def _opened(at: str, *, from_end: bool = True) -> TextIO:
    try:
        file = Path(at).open(encoding="utf-8", errors="replace")  # noqa: SIM115  # it stays open
        if from_end:
            file.seek(0, io.SEEK_END)
    except OSError as error:
        raise MeterError(
            f"{at} cannot be read: {one_line(error)}; does the program that writes it run?"
        ) from error
    return file


def _is_another(file: TextIO, at: str) -> bool:
    """True if the file of that name is another one by now, or was cut off."""
    try:
        now, was = Path(at).stat(), os.fstat(file.fileno())
    except OSError:
        return False
    return now.st_ino != was.st_ino or now.st_size < file.tell()


def _channel(name: str) -> Channel:
    domain, _, part = name.partition("_")
    return Channel(domain=domain, part=part)


def build(
    at: str,
    error_pct: float,
    channels: str = "wall",
    period_s: float = 1.0,
    error_range_w: float | None = None,
    averaging_s: float | None = None,
    delay_s: float | None = None,
) -> External:
    """Lines of a file, of a unix socket (both by path), or of `host:port`.

    Args:
        at: where they are.
        error_pct: bound of the instrument's stated error, of the reading, in percent.
        channels: what the values are, in order: `wall`, or `package_0,gpu`.
        period_s: between two lines.
        error_range_w: the error's other part, in W.
        averaging_s: each value is the mean over so long before its time.
        delay_s: the time in a line is so long after what the value is of.
    """
    meter = External(at, channels, error_pct, period_s)
    meter.error_range_w = error_range_w
    meter.averaging_s, meter.delay_s = averaging_s, delay_s
    return meter
