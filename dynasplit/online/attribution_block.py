"""Whose the joules are that hosts drew while requests were served: the block of summary.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynasplit.core.provenance import shown_j
from dynasplit.core.served_request import Attributed, ServedRequest

HOSTS = ("edge", "cloud")
PARTS = ("attributed", "switching", "nobody")


def attribution_block(rows: Sequence[ServedRequest], accounting: str) -> dict[str, Any] | None:
    """The sums over the requests that were metered while they were served; None: none was.

    It has `accounting`, how many `requests` of all (`of`), `metered_j` and whose they are
    (`attributed_j` to requests, `switching_j`, `nobody_j`), the same by `hosts`, and by `policies`
    the mean of a request beside its configuration's energy.

    Args:
        rows: the requests, as they were served.
        accounting: the label of the accounting by which they were divided.
    """
    known = [row for row in rows if row.attributed is not None]
    if not known:
        return None
    found = [row.attributed for row in known if row.attributed is not None]
    hosts = {host: sums for host in HOSTS if (sums := _of_host(found, host)) is not None}
    policies = {}
    for name in dict.fromkeys(row.policy for row in known):
        mine = [row for row in known if row.policy == name]
        configured = [row.measurement.energy_j for row in mine]
        present = [joules for joules in configured if joules is not None]
        shares = [row.attributed for row in mine if row.attributed is not None]
        policies[name] = {
            "requests": len(mine),
            "attributed_j_mean": _sum(shares, "attributed") / len(mine),
            "configured_j_mean": sum(present) / len(mine) if len(present) == len(mine) else None,
            "switching_j_mean": _sum(shares, "switching") / len(mine),
        }
    sums = {f"{part}_j": _sum(found, part) for part in PARTS}
    return {
        "accounting": accounting,
        "requests": len(known),
        "of": len(rows),
        "metered_j": sum(sums.values()),
        **sums,
        "hosts": hosts,
        "policies": policies,
    }


def _of_host(found: Sequence[Attributed], host: str) -> dict[str, float] | None:
    """The sums of one host; None: it is not metered by itself."""
    values = {f"{p}_j": [getattr(one, f"{host}_{p}_j") for one in found] for p in PARTS}
    if any(joules is None for column in values.values() for joules in column):
        return None
    sums = {name: float(sum(column)) for name, column in values.items()}
    return {"metered_j": sum(sums.values()), **sums}


def _sum(found: Sequence[Attributed], part: str) -> float:
    """Over requests and hosts."""
    values = [getattr(one, f"{host}_{part}_j") for one in found for host in HOSTS]
    return float(sum(joules for joules in values if joules is not None))


def attribution_lines(block: dict[str, Any] | None) -> list[str]:
    """The sums in words, for the terminal and the report; none where nothing was metered."""
    if block is None or not block["metered_j"]:
        return []
    shares = {part: 100 * block[f"{part}_j"] / block["metered_j"] for part in PARTS}
    count = f"{block['requests']} requests"
    if block["requests"] < block["of"]:
        count = f"{block['requests']} of {block['of']} requests (the others before another start)"
    return [
        f"Metered while {count} were served: {shown_j(block['metered_j'])}, of which by "
        f"energy={block['accounting']} {shares['attributed']:.1f} % are the requests', "
        f"{shares['switching']:.1f} % switching's, {shares['nobody']:.1f} % nobody's "
        "(docs/energy.md)",
        "A request's share of it, and its configuration's energy, mean: "
        + "; ".join(
            f"{name} {shown_j(one['attributed_j_mean'])}, {shown_j(one['configured_j_mean'])}"
            for name, one in block["policies"].items()
        ),
    ]
