"""The name of a run, by which one knows it among others without opening it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run_name(configuration: Mapping[str, Any], network: str) -> str:
    """Search, seed, network and hosts: `structured · seed 0 · vgg16 · emulated pi4_coral_v100`.

    What tells runs of an experiment apart comes first: lists show the first two dozen letters.

    Args:
        configuration: what determines the run, nested, as plain values.
        network: the network's name.
    """
    search = configuration.get("search", {}).get("algorithm", "")
    given = configuration.get("front")
    parts = (
        f"front {Path(given).name}" if given else search,
        f"seed {configuration.get('seed', 0)}",
        network,
        hosts_words(configuration),
    )
    return " · ".join(filter(None, parts))


def hosts_words(configuration: Mapping[str, Any]) -> str:
    """The kind of hosts, and what tells them from others of it."""
    kind = configuration.get("hosts", {}).get("kind")
    return " ".join(filter(None, (kind, _of_the_hosts(configuration))))


def _of_the_hosts(configuration: Mapping[str, Any]) -> str:
    """What tells hosts of a kind apart: profile, table, or addresses."""
    hosts = configuration.get("hosts", {})
    if hosts.get("kind") == "recorded":
        return Path(str(configuration.get("runs") or "")).name
    addresses = [str((hosts.get(role) or {}).get("address") or "") for role in ("edge", "cloud")]
    if all(addresses):
        return "-".join(address.rpartition("@")[2] for address in addresses)
    return Path(str(hosts.get("profile") or "")).stem
