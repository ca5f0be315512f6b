"""The lines that a meter program prints: one JSON header, then `time_ns watts` a line."""

from __future__ import annotations

import msgspec

from hosts.core.errors import WireError
from hosts.wire.messages import PROTOCOL


class MeterHeader(msgspec.Struct, kw_only=True):
    """What a meter says of itself before its readings.

    Attributes:
        meter: the program's name. identity: the instrument's own.
        period_s: the time between readings.
        error_pct: bound of its stated relative error.
        emulated: whether an emulated board stands behind it.
    """

    protocol: int = PROTOCOL
    meter: str
    identity: str
    period_s: float
    error_pct: float
    emulated: bool


def header_line(header: MeterHeader) -> str:
    """The first line."""
    return msgspec.json.encode(header).decode()


def read_header(line: str) -> MeterHeader:
    """Read the first line; WireError if it is not a meter's."""
    try:
        return msgspec.json.decode(line, type=MeterHeader)
    except msgspec.MsgspecError as error:
        raise WireError(f"a meter's header expected, found {line[:200]!r}: {error}") from error


def reading_line(time_ns: int, watts: float) -> str:
    """One reading; the time is the middle of its period."""
    return f"{time_ns} {watts:.6g}"


def read_reading(line: str) -> tuple[int, float]:
    """Time and power of one line; WireError if it has not both as numbers."""
    try:
        time_ns, watts = line.split()
        return int(time_ns), float(watts)
    except ValueError as error:
        raise WireError(f"'time_ns watts' expected of a meter, found {line[:200]!r}") from error
