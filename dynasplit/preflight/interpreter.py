"""The interpreter of a host: its version, and that it is of 64 bits."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, error, ok
from hosts.wire.preflight import FirstLook

OLDEST = (3, 11)


def check(role: str, python: str, first: FirstLook) -> Iterator[Finding]:
    """The interpreter that `python` names on the host."""
    version = ".".join(map(str, first.python))
    found = f"{python} is Python {version}, {first.bits} bits, on {first.machine}"
    if first.python[:2] < OLDEST:
        least = ".".join(map(str, OLDEST))
        yield error(
            role,
            "interpreter",
            f"{found}; {least} or newer is needed",
            f"install Python {least} there, and name it in hosts.{role}.python",
        )
    elif first.bits != 64:
        yield error(
            role,
            "interpreter",
            f"{found}; LiteRT and TensorFlow are built for 64 bits only",
            "install a 64-bit system and Python on that host",
        )
    else:
        yield ok(role, "interpreter", found)
