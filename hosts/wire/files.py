"""Messages about a network's files: which ones a host holds, and loading them."""

from __future__ import annotations

from hosts.wire.messages import Message


class FindOrder(Message):
    """Ask which files the host holds, by their sha256."""

    files: dict[str, str]


class Found(Message):
    """The paths of files on the host (None: not there), and the folder for missing ones."""

    paths: dict[str, str | None]
    folder: str


class LoadOrder(Message):
    """Load a network's part.

    Attributes:
        manifest: the prepared network, as JSON.
        paths: the artifact's name (head, tail, images) to its path on this host.
    """

    manifest: bytes
    paths: dict[str, str]


class CompiledOrder(Message):
    """Edge: the head of this split point, compiled for the accelerator, lies at this path."""

    split_point: int
    path: str


class Loaded(Message):
    """A network's part is ready."""

    resident_mb: float
