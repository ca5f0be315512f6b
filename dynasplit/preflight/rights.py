"""This user's rights on a host: files that knobs write, folders that programs write."""

from __future__ import annotations

from collections.abc import Iterator

from dynasplit.preflight.findings import Finding, error, ok
from hosts.wire.preflight import Look


def check(role: str, seen: Look) -> Iterator[Finding]:
    """Name the files that are shut; a knob with any cannot be set."""
    for name, knob in seen.knobs.items():
        leave_out = f"leave {name} out of hosts.{role}.knobs"
        if knob.trouble:
            yield error(role, name, knob.trouble, leave_out)
        elif knob.shut:
            more = f" and {len(knob.shut) - 1} more" if len(knob.shut) > 1 else ""
            yield error(
                role,
                name,
                f"not writable for this user: {knob.shut[0]}{more}",
                f"+experiment=provision gives this user the right; or {leave_out}",
            )
        else:
            values = ", ".join(map(str, knob.values))
            alone = "" if knob.varies else " alone: left out of the search"
            yield ok(role, name, f"may be set to {values}{alone}")
    for folder in seen.shut_folders:
        yield error(
            role,
            "folders",
            f"{folder} cannot be written",
            "give this user write access to it, or name another one in DYNASPLIT_CACHE there",
        )
