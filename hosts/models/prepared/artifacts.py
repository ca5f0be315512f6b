"""The cache of prepared files: named by what they were made from, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from hosts.core.errors import ArtifactError
from hosts.models.prepared.manifest import Artifact

CACHE_VARIABLE = "DYNASPLIT_CACHE"

Key = Mapping[str, str | int | float | bool | None]


def default_root() -> Path:
    """The one folder of everything cached; `DYNASPLIT_CACHE` moves it."""
    from platformdirs import user_cache_path

    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_path("dynasplit"))


def sha256_of(path: Path) -> str:
    """The file's hash, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ArtifactCache:
    """Files by name and key.

    Attributes:
        root: the folder; it holds nothing else.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or default_root()) / "artifacts"

    def place(self, name: str, key: Key, suffix: str) -> Path:
        """The path of a file of this key, made or not."""
        digest = hashlib.sha256(msgspec.json.encode(dict(sorted(key.items()))))
        return self.root / f"{name}-{digest.hexdigest()[:16]}{suffix}"

    def find(self, name: str, key: Key, suffix: str) -> Artifact | None:
        """The file, if it is there and as long as when it was made."""
        path = self.place(name, key, suffix)
        note = path.with_name(path.name + ".json")
        try:
            artifact = msgspec.json.decode(note.read_bytes(), type=Artifact)
            whole = path.stat().st_size == artifact.bytes
        except (OSError, msgspec.MsgspecError):
            return None
        return msgspec.structs.replace(artifact, path=str(path)) if whole else None

    def obtain(self, name: str, key: Key, suffix: str, make: Callable[[Path], None]) -> Artifact:
        """The file, made now if it is not there; made once although several ask.

        Raises:
            ArtifactError: it could not be made, or not be written.
        """
        from filelock import FileLock

        path = self.place(name, key, suffix)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{path}.lock"):
                found = self.find(name, key, suffix)
                if found is not None and sha256_of(path) == found.sha256:
                    return found
                return self._make(path, make)
        except OSError as error:
            raise ArtifactError(f"the cache {self.root} cannot be written: {error}") from error

    def _make(self, path: Path, make: Callable[[Path], None]) -> Artifact:
        beside = path.with_name(f"{path.stem}.part{path.suffix}")
        try:
            make(beside)
            artifact = Artifact(str(path), sha256_of(beside), beside.stat().st_size)
            beside.rename(path)
        finally:
            beside.unlink(missing_ok=True)
        note = path.with_name(path.name + ".json")
        note.with_suffix(".new").write_bytes(msgspec.json.encode(artifact))
        note.with_suffix(".new").rename(note)
        return artifact

    def size_bytes(self) -> int:
        """The size of the cache in bytes."""
        return sum(p.stat().st_size for p in self.root.rglob("*") if p.is_file())

    def clear(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def check(artifact: Artifact) -> None:
    """Check that a file still has the content that it was made with.

    Raises:
        ArtifactError: it is missing, truncated or changed.
    """
    path = Path(artifact.path)
    if not path.is_file():
        raise ArtifactError(f"{path} is missing; start again to make it anew")
    if path.stat().st_size != artifact.bytes or sha256_of(path) != artifact.sha256:
        raise ArtifactError(
            f"{path} is damaged ({path.stat().st_size} of {artifact.bytes} bytes, or changed); "
            "delete it and start again to make it anew"
        )
