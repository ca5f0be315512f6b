"""Hosts' times of day against the controller's."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, error, ok, warning
from dynasplit.testbed.looking import ClockOffset

MOST_S = 0.01
"""Of a difference, beyond what the exchange leaves open: readings at 100 ms stay in order."""

_BEFORE_S, _AFTER_S = -86_000.0, 29.9 * 86_400
"""A run's certificates begin a day before it, and end after thirty."""


def check(role: str, offset: ClockOffset) -> Iterator[Finding]:
    """The offset, with what is not known of it."""
    found = (
        f"{offset.offset_s:+.3f} s against the controller, known to {offset.uncertainty_s:.3f} s"
    )
    advice = "let NTP (chrony, systemd-timesyncd) set the clocks of hosts and controller"
    if not _BEFORE_S < offset.offset_s < _AFTER_S:
        why = "the certificates of a run would not be valid there"
        yield error(role, "clock", f"{found}; {why}", advice)
    elif abs(offset.offset_s) > MOST_S + offset.uncertainty_s:
        yield warning(role, "clock", f"{found}; above {MOST_S * 1000:g} ms", advice)
    else:
        yield ok(role, "clock", found)
