"""The lines that a meter program prints: one JSON header, then a time and a value a channel.

`1234567 17.69 8.1` is a reading of two channels at 1234567 ns; `-` is a channel without a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from hosts.core.errors import MeterError, WireError
from hosts.wire.messages import PROTOCOL, UNREADABLE, check_protocol

Reading = tuple[int, tuple[float | None, ...]]
"""The time that it is of on the host's clock in ns (the middle of a period, if it is the mean power
over one), and the power in W a channel."""

_WORD = re.compile(r"[a-z][a-z0-9]*")
_ABSENT = "-"
_MOST_NS = 2**63 - 1  # times are kept in 64 bits


class Channel(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that a meter measures.

    Attributes:
        domain: where on the host: `wall` (all that its supply draws), `board` (all behind the
            supply), `package` (a processor), `dram` (a processor's memory), `gpu`, `psys` (what a
            maker wired as the platform); another word for another part of a host.
        quantity: `power` in W, or `energy`: a counter in J that only goes up.
        part: which of several of a domain, `0`, `1`; empty: there is one.
        wraps_at_j: a counter goes on from 0 where it reaches this; None: it does not.
    """

    domain: str
    quantity: Literal["power", "energy"] = "power"
    part: str = ""
    wraps_at_j: float | None = None

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.domain) or not re.fullmatch(r"[a-z0-9]*", self.part):
            raise MeterError(
                f"channel of domain {self.domain!r}, part {self.part!r}; allowed: small letters "
                "and digits, the domain beginning with a letter"
            )

    @property
    def name(self) -> str:
        """The domain, and the part if there is more than one: `wall`, `package_0`."""
        return f"{self.domain}_{self.part}" if self.part else self.domain


class MeterHeader(msgspec.Struct, kw_only=True):
    """A meter's account of itself, before its readings.

    Attributes:
        meter: the program's name. identity: the instrument's own.
        channels: what it measures, in the order of a reading's values.
        period_s: the time between readings.
        error_pct: bound of its stated error, the part that is relative to the reading.
        emulated: an emulated board stands behind it.
        estimated: its powers are computed from what the host does, and not measured.
        error_range_w: the other part, of its range, in W; None: not stated.
        averaging_s: each power is the mean over so long; None: not stated, taken as none.
        delay_s: a value is there so long after what it is of; likewise.
        max_w: no channel can draw more, as its user says; None: not said.
    """

    protocol: int = PROTOCOL
    meter: str
    identity: str
    channels: tuple[Channel, ...]
    period_s: float
    error_pct: float
    emulated: bool
    error_range_w: float | None = None
    averaging_s: float | None = None
    delay_s: float | None = None
    max_w: float | None = None
    estimated: bool = False

    @property
    def late_s(self) -> float:
        """How long after its time a reading comes at the most."""
        return (self.delay_s or 0.0) + (self.averaging_s or 0.0) / 2


def header_line(header: MeterHeader) -> str:
    """The first line."""
    return msgspec.json.encode(header).decode()


def read_header(line: str) -> MeterHeader:
    """Read the first line; WireError if it is not a meter's, or of another version."""
    try:
        header = msgspec.json.decode(line, type=MeterHeader)
    except (*UNREADABLE, MeterError) as error:
        raise WireError(f"a meter's header expected, found {line[:200]!r}: {error}") from error
    check_protocol(header.protocol)
    for name, figure, least in (
        ("period_s", header.period_s, 0),
        ("error_pct", header.error_pct, -1),
    ):
        if not (math.isfinite(figure) and figure > least):
            raise WireError(
                f"a meter's header with {name}={figure} found; allowed: a finite number"
            )
    for name in ("error_range_w", "averaging_s", "delay_s", "max_w"):
        stated = getattr(header, name)
        if stated is not None and not (math.isfinite(stated) and stated >= 0):
            raise WireError(
                f"a meter's header with {name}={stated} found; allowed: a number from 0, or none"
            )
    return header


def reading_line(time_ns: int, watts: Sequence[float | None]) -> str:
    """One reading; the time is the middle of its period."""
    return " ".join([str(time_ns), *(_ABSENT if w is None else f"{w:.6g}" for w in watts)])


def read_reading(line: str, channels: int = 1) -> Reading:
    """A line's time and its power a channel; WireError if they are none, or not as many."""
    try:
        time_ns, *values = line.split()
        watts = tuple(None if v == _ABSENT else float(v) for v in values)
        if len(watts) != channels or not all(w is None or math.isfinite(w) for w in watts):
            raise ValueError
        if not -_MOST_NS <= (at_ns := int(time_ns)) <= _MOST_NS:
            raise ValueError
        return at_ns, watts
    except ValueError as error:
        raise WireError(
            f"'time_ns watts' with {channels} value(s) expected of a meter, found {line[:200]!r}"
        ) from error
