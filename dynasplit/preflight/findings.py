"""A finding of a preflight: what one check found on one host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from dynasplit.core.errors import DynaSplitError

Verdict = Literal["ok", "warning", "error"]
BOTH = "both"


@dataclass(frozen=True)
class Finding:
    """One row of the list.

    Attributes:
        host: edge, cloud, or both. check: what was looked at.
        found: in words, with figures. advice: what to do; empty: nothing.
    """

    host: str
    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def ok(host: str, check: str, found: str) -> Finding:
    """All is as it should be."""
    return Finding(host, check, "ok", found)


def warning(host: str, check: str, found: str, advice: str) -> Finding:
    """It can be measured so, but figures may suffer."""
    return Finding(host, check, "warning", found, advice)


def error(host: str, check: str, found: str, advice: str) -> Finding:
    """Nothing can be measured so, or nothing that would be true."""
    return Finding(host, check, "error", found, advice)


def failed(host: str, check: str, why: Exception) -> Finding:
    """A check that ended with one of our errors, whose words end with what to do."""
    found, _, advice = " ".join(str(why).split()).partition("; ")
    return error(host, check, found, advice)


@contextmanager
def told_in(findings: list[Finding], host: str, check: str) -> Iterator[None]:
    """Keep a check's error as its finding, so that the other checks go on."""
    try:
        yield
    except DynaSplitError as why:
        findings.append(failed(host, check, why))


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """The errors among findings."""
    return [one for one in findings if one.verdict == "error"]


def by_verdict(findings: Sequence[Finding]) -> dict[Verdict, list[Finding]]:
    """The findings of each verdict; an empty list where there are none."""
    verdicts: tuple[Verdict, ...] = ("ok", "warning", "error")
    return {verdict: [f for f in findings if f.verdict == verdict] for verdict in verdicts}
