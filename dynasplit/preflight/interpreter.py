"""The interpreter of a host: its version, and that it is of 64 bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynasplit.preflight.findings import Finding, error, ok
from hosts.wire.preflight import FirstLook

OLDEST, NEWEST = (3, 11), (3, 13)
"""Versions for which all packages of the requirements are built."""


def check(role: str, python: str, first: FirstLook) -> Iterator[Finding]:
    """The interpreter that `python` names on the host."""
    found = f"{python} is Python {words(first.python)}, {first.bits} bits, on {first.machine}"
    if not fits(first.python):
        yield error(
            role,
            "interpreter",
            f"{found}; {words(OLDEST)} to {words(NEWEST)} is needed",
            f"install one there, and name it in hosts.{role}.python; +experiment=provision makes "
            "its environment",
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


def fits(version: Sequence[int]) -> bool:
    """True if the programs run on this version of Python."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def words(version: Sequence[int]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
