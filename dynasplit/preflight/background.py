"""What else goes on on a host: load, swapping, temperature, throttling."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, error, ok, warning
from hosts.wire.preflight import Look

MOST_LOAD_PCT = 5.0
"""Of other programs: more shows in latencies and in the idle power that energies are net of."""

_HOT_C = 75.0
"""A Raspberry Pi lowers its frequency from 80 degrees on, and most others from above."""


def check(role: str, seen: Look) -> Iterator[Finding]:
    """Each as far as the host tells it."""
    if seen.load_pct is not None:
        found = f"{seen.load_pct:.0f} % of its CPUs are busy"
        if seen.swapping:
            found += ", and memory is swapped"
        if seen.load_pct > MOST_LOAD_PCT or seen.swapping:
            advice = "end other programs there while it measures"
            yield warning(role, "background", f"{found}; {MOST_LOAD_PCT:g} % may be", advice)
        else:
            yield ok(role, "background", found)
    if seen.temperature_c is not None:
        found = f"{seen.temperature_c:.0f} degrees"
        if seen.temperature_c > _HOT_C:
            advice = "cool it, or let it cool down: it will lower its frequency"
            yield warning(role, "temperature", found, advice)
        else:
            yield ok(role, "temperature", found)
    if seen.throttling is not None:
        yield _throttling(role, *seen.throttling)


def _throttling(role: str, now: tuple[str, ...], before: tuple[str, ...]) -> Finding:
    advice = "check its power supply, cable and cooling, then start it anew"
    if now:
        return error(role, "throttling", f"now: {', '.join(now)}", advice)
    if before:
        return warning(role, "throttling", f"since its start: {', '.join(before)}", advice)
    return ok(role, "throttling", "none since its start")
