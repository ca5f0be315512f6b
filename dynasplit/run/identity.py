"""Identities: of what a campaign measures, and of an online phase; and the state of the code."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dynasplit.core.errors import DataError
from hosts.core.modules import extension_folders

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dynasplit", "hosts", "experiments")


@dataclass(frozen=True)
class Determining:
    """What determines a result, besides the network's own files.

    Attributes:
        configuration: the resolved one, less what may change without another result.
        files: those that it names; their content counts.
    """

    configuration: Mapping[str, Any]
    files: Sequence[Path] = ()


class Identities(NamedTuple):
    """What a run is known by: what it measures, and the online phase that it serves."""

    campaign: str
    online: str


def identity_of(
    configuration: Mapping[str, Any],
    *,
    files: Iterable[Path] = (),
    artifacts: Iterable[str] = (),
) -> str:
    """The hash (64 hexadecimal digits) of all that determines what is measured, or served.

    The code is no part of it: a new state of it goes on with what an older one measured, and
    `changed_rooms` names what is different.

    Args:
        configuration: the resolved one, less what may change without another result.
        files: those that it names; their content counts.
        artifacts: hashes of the networks' files.

    Raises:
        DataError: a file cannot be read.
    """
    parts = {
        "configuration": configuration,
        "files": [_file_hash(path) for path in files],
        "artifacts": sorted(artifacts),
    }
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def code_state(root: Path = ROOT) -> dict[str, str]:
    """A short hash of the source and profile files in each room and extension, by its folder."""
    digests: dict[str, Any] = {}
    for room in ROOMS:
        _add_files(digests, root / room, root)
    for folder in extension_folders():
        _add_files(digests, folder, folder.parent)
    return {room: digest.hexdigest()[:16] for room, digest in sorted(digests.items())}


def _add_files(digests: dict[str, Any], folder: Path, root: Path) -> None:
    """Add each source and profile file below a folder to its room's hash, by name and content."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".yaml"):
            room = str(path.parent.relative_to(root))
            digest = digests.setdefault(room, hashlib.sha256())
            digest.update(f"{path.name}\0{_file_hash(path)}\0".encode())


def changed_rooms(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The folders whose code is another than it was; none where it is not known how it was."""
    if not before:
        return []
    return sorted(room for room in before.keys() | now.keys() if before.get(room) != now.get(room))


def library_versions(requirements: Path) -> dict[str, str]:
    """The installed version of each library that the requirements name; absent ones left out."""
    names = re.findall(r"^([A-Za-z][\w.-]*)", requirements.read_text("utf-8"), re.M)
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_revision() -> str | None:
    """The commit of the checkout, marked `-dirty` if files differ; None outside of one."""
    command = [
        "git",
        "--no-optional-locks",
        "-C",
        str(ROOT),
        "describe",
        "--always",
        "--abbrev=40",
        "--dirty",
    ]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
