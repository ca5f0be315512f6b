"""The identity of a run: a hash of configuration, files, code, networks and libraries."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from dynasplit.core.errors import DataError
from hosts.core.modules import extension_folders

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dynasplit", "hosts", "experiments")


def identity_of(
    configuration: Mapping[str, Any],
    *,
    files: Iterable[Path] = (),
    artifacts: Iterable[str] = (),
) -> str:
    """The hash (64 hexadecimal digits) of all that determines a run's result.

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
        "code": code_hash(ROOT),
        "libraries": library_versions(ROOT / "requirements.txt"),
    }
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def code_hash(root: Path) -> str:
    """Hash of every source and profile file in the rooms and in extensions."""
    digest = hashlib.sha256()
    for room in ROOMS:
        _add_files(digest, root / room, root)
    for folder in extension_folders():
        _add_files(digest, folder, folder)
    return digest.hexdigest()


def _add_files(digest: hashlib._Hash, folder: Path, root: Path) -> None:
    """Add each source and profile file below a folder, by its path from the root and content."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".yaml"):
            digest.update(f"{path.relative_to(root)}\0{_file_hash(path)}\0".encode())


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
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=40", "--dirty"]
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
