"""Hosts' times of day against the controller's."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, ok, warning
from dynasplit.testbed.looking import TimeOfDayOffset

MOST_S = 0.01
"""Of a difference, beyond what the exchange leaves open: readings at 100 ms stay in order."""


def check(role: str, offset: TimeOfDayOffset) -> Iterator[Finding]:
    """The offset, with what is not known of it; none keeps a host from measuring."""
    found = (
        f"{offset.offset_s:+.3f} s against the controller, known to {offset.uncertainty_s:.3f} s"
    )
    advice = "let NTP (chrony, systemd-timesyncd) set the clocks of hosts and controller"
    if abs(offset.offset_s) > MOST_S + offset.uncertainty_s:
        yield warning(role, "clock", f"{found}; above {MOST_S * 1000:g} ms", advice)
    else:
        yield ok(role, "clock", found)
