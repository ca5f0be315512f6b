"""Room on a host's disk."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, error, ok, warning
from hosts.wire.preflight import FirstLook

PLACES = {
    "programs and networks": ("DYNASPLIT_CACHE", "~/.cache/dynasplit"),
    "the state before a change": ("DYNASPLIT_STATE", "~/.local/state/dynasplit"),
}
"""What is kept on a host: the variable that names its folder, and where it is without."""

_LEAST_MB = 100
_NETWORK_MB = 1500
"""VGG16 in full, pushed, and again while it is being written."""


def check(role: str, first: FirstLook) -> Iterator[Finding]:
    """Enough for a network's files, where they are kept."""
    if "free_mb" in first.failed:
        yield warning(role, "disk", first.failed["free_mb"], "look at the host's disk by hand")
        return
    programs_mb = min(first.free_mb.values())
    found = ", ".join(f"{mb / 1024:.1f} GB for {what}" for what, mb in first.free_mb.items())
    advice = "make room, or name a folder on another disk in DYNASPLIT_CACHE there"
    if programs_mb < _LEAST_MB:
        yield error(role, "disk", f"free: {found}; {_LEAST_MB} MB are needed", advice)
    elif first.free_mb["programs and networks"] < _NETWORK_MB:
        enough = f"a large network needs {_NETWORK_MB / 1024:.1f} GB"
        yield warning(role, "disk", f"free: {found}; {enough}", advice)
    else:
        yield ok(role, "disk", f"free: {found}")
