"""Options that name input files: a run is known by what is in these, wherever they lie."""

from __future__ import annotations

import contextlib
import filecmp
import os
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from dynasplit.config.options.hosts import RUNS_ON

HASHED = ("runs", "hosts.profile", "front", "workload.file")
"""Their content is hashed beside the configuration."""
PREPARED = ("model.weights", "data.path", "data.labels")
"""What is made of their content is hashed: the files of the prepared network, and its images."""
NETWORK = "model.path"
"""Likewise; and results call the network by the name of its file."""
NAMING = (*HASHED, *PREPARED, NETWORK)
BY_CONTENT = "(a file, known by its content)"


def without_places(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as plain values, without the places of files whose content counts.

    Nor does it matter from which machine a meter is read.

    Args:
        plain: as `asdict` gives it, or a part of it.
    """
    found = _without_meters_places(plain)
    for option in NAMING:
        place, key = _place(found, option)
        named = place.get(key)
        if isinstance(named, str) and _is_there(option, named):
            place[key] = os.path.basename(named) if option == NETWORK else BY_CONTENT  # noqa: PTH119
    return found


def is_same(option: str, one: object, other: object) -> bool:
    """True if two values of an option mean the same; of files, if they have the same content."""
    if one == other:
        return True
    if option.endswith(".meters"):
        return bool(_meters_alone(one) == _meters_alone(other))
    if option not in NAMING or not isinstance(one, str) or not isinstance(other, str):
        return False
    if not (os.path.isfile(one) and os.path.isfile(other)):  # noqa: PTH113
        return False
    if option == NETWORK and os.path.basename(one) != os.path.basename(other):  # noqa: PTH119
        return False
    with contextlib.suppress(OSError):
        return filecmp.cmp(one, other, shallow=False)
    return False


def _without_meters_places(plain: Mapping[str, Any]) -> dict[str, Any]:
    found = deepcopy(dict(plain))
    for role in ("edge", "cloud"):
        host, key = _place(found, f"hosts.{role}.meters")
        if key in host:
            host[key] = _meters_alone(host[key])
    return found


def _meters_alone(meters: Any) -> Any:
    if not isinstance(meters, list):
        return meters
    return [{k: v for k, v in meter.items() if k != RUNS_ON} for meter in meters]


def _place(plain: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The group that an option is in, and its key; empty: the configuration has no such group."""
    *groups, key = path.split(".")
    place: Any = plain
    for group in groups:
        place = place.get(group)
        if not isinstance(place, dict):
            return {}, key
    return place, key


def _is_there(option: str, named: str) -> bool:
    """True for the path of what exists; a name of other things is none."""
    if option == "data.path":
        return os.path.isdir(named)  # noqa: PTH112 -- pathlib's raises where none may look
    if option == "hosts.profile" and not named.endswith((".yaml", ".yml")):
        return False  # one that comes with the project
    return os.path.isfile(named)  # noqa: PTH113
