"""Looks at a host over SSH without changing it: an interpreter's first look, then the programs'.

The first look tells the offset of the host's time of day too.
"""

from __future__ import annotations

import contextlib
import shlex
import statistics
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from dynasplit.core.errors import HostProgramFailed
from dynasplit.testbed.connection import HostConnection
from dynasplit.testbed.last_words import LastWords
from dynasplit.testbed.programs import python_of
from hosts.wire.preflight import FirstLook, Look

_FIRST_LOOK = Path(__file__).resolve().parents[2] / "hosts/machine/first_look.py"
_VERSION = "import sys, struct; print(list(sys.version_info[:3]) + [8 * struct.calcsize('P')])"
_EXCHANGES = 7
_PATIENCE_S = 8.0
_LOOK_S = 20.0
_END_S = 2.0


class TimeOfDayOffset(NamedTuple):
    """A host's time of day less the controller's; the truth lies within the uncertainty."""

    offset_s: float
    uncertainty_s: float


def first_look(
    host: HostConnection, packages: Iterable[str], places: Mapping[str, tuple[str, str]]
) -> tuple[FirstLook, TimeOfDayOffset | None]:
    """What the host's interpreter tells by itself, and its clock; older ones tell their version.

    Args:
        host: where it is.
        packages: whose versions are asked.
        places: by what is kept there: the variable that names a folder, and where it is without.

    Raises:
        HostProgramFailed: there is no such interpreter.
    """
    order = msgspec.json.encode({"packages": list(packages), "places": places}).decode()
    python = python_of(host.address, "")
    channel = host.start(f"{python} -c {shlex.quote(_FIRST_LOOK.read_text())} {shlex.quote(order)}")
    words = LastWords(channel)
    try:
        channel.settimeout(_PATIENCE_S)
        lines = channel.makefile("rb")
        line = lines.readline()
        if not line:
            return _by_version(host, python, words), None
        told = msgspec.json.decode(line, type=FirstLook)
        exchanges = []
        for _ in range(_EXCHANGES):
            asked_ns = time.time_ns()
            channel.sendall(b"\n")
            there_ns = int(lines.readline())
            answered_ns = time.time_ns()
            exchanges.append((there_ns - (asked_ns + answered_ns) / 2, answered_ns - asked_ns))
    except TimeoutError as error:
        raise HostProgramFailed(
            f"{host.address}: {host.address.python} said nothing in {_PATIENCE_S:g} s; is the host "
            "overloaded, or its disk?"
        ) from error
    except (ValueError, msgspec.MsgspecError, OSError) as error:
        raise HostProgramFailed(
            f"{host.address}: {host.address.python} does not answer as an interpreter does: "
            f"{words.text()}; name Python in hosts.<role>.python"
        ) from error
    finally:
        with contextlib.suppress(OSError, EOFError):
            channel.shutdown_write()
            channel.status_event.wait(_END_S)
        channel.close()
    offset_s = statistics.median(offset_ns for offset_ns, _ in exchanges) / 1e9
    trip_s = statistics.median(trip_ns for _, trip_ns in exchanges) / 1e9
    return told, TimeOfDayOffset(offset_s, trip_s / 2)


def _by_version(host: HostConnection, python: str, words: LastWords) -> FirstLook:
    """Of an interpreter that is too old for the first look."""
    try:
        told = msgspec.json.decode(host.feed(f"{python} -c {shlex.quote(_VERSION)}"))
        return FirstLook(python=tuple(told[:3]), bits=told[3], failed={"versions": "not asked"})
    except (HostProgramFailed, msgspec.MsgspecError, TypeError, LookupError) as error:
        raise HostProgramFailed(
            f"{host.address}: {host.address.python} is no interpreter there: {words.text()}; "
            "make it with +experiment=provision (docs/own-hosts.md), or name one that is there in "
            "hosts.<role>.python"
        ) from error


def look(host: HostConnection, programs: str, knobs: Iterable[str]) -> Look:
    """What the pushed programs tell of a host.

    Raises:
        HostProgramFailed: they do not run there.
    """
    command = f"{python_of(host.address, programs)} -m hosts.agents.look {shlex.join(knobs)}"
    try:
        return msgspec.json.decode(host.feed(command, timeout_s=_LOOK_S), type=Look)
    except (HostProgramFailed, msgspec.MsgspecError) as error:
        raise HostProgramFailed(
            f"{host.address}: the programs do not run there: {error}; are the packages installed?"
        ) from error
