"""Finds a network's files on this host, and loads this host's part of it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import msgspec
import numpy as np

from hosts.agents.cloud import CloudAgent
from hosts.agents.edge import EdgeAgent
from hosts.core.errors import ArtifactError
from hosts.models.runtime.artifacts import default_root, sha256_of
from hosts.models.runtime.manifest import Manifest
from hosts.wire.messages import FindOrder, Found, Loaded, LoadOrder


def pushed_folder() -> Path:
    """The folder that the controller pushes files to."""
    return default_root() / "pushed"


def find(order: FindOrder) -> Found:
    """Find the files that this host holds with the right content."""
    folder = pushed_folder()
    folder.mkdir(parents=True, exist_ok=True)
    paths: dict[str, str | None] = {}
    for sha256, told in order.files.items():
        candidates = (Path(told), folder / f"{sha256}{Path(told).suffix}")
        paths[sha256] = next((str(p) for p in candidates if _holds(p, sha256)), None)
    return Found(paths=paths, folder=str(folder))


def begin_imports(part: EdgeAgent | CloudAgent) -> threading.Thread:
    """Import what a network of this host is computed with, while the agent is spoken to.

    What cannot be imported is told when a network is loaded.
    """
    work = _import_litert if isinstance(part, EdgeAgent) else _import_tensorflow

    def imported() -> None:
        with contextlib.suppress(Exception):
            work()

    begun = threading.Thread(target=imported, daemon=True)
    begun.start()
    return begun


def _import_litert() -> None:
    import ai_edge_litert.interpreter
    import ai_edge_litert.schema_py_generated  # noqa: F401  # not when the first head is timed


def _import_tensorflow() -> None:
    from hosts.models.runtime.light_keras import import_keras

    import_keras()


def load(part: EdgeAgent | CloudAgent, order: LoadOrder, threads: int | None = None) -> Loaded:
    """Load heads and images on the edge, tails on the cloud.

    Args:
        part: the agent's.
        order: what to load.
        threads: that heads are computed with; None: as many as LiteRT takes by itself.

    Raises:
        ArtifactError: the manifest or a file cannot be used.
    """
    import psutil

    try:
        manifest = msgspec.json.decode(order.manifest, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ArtifactError(f"the network's manifest cannot be read: {error}") from error
    if isinstance(part, EdgeAgent):
        _import_litert()

        from hosts.models.runtime.heads import Heads

        part.heads = Heads.open(Path(order.paths["head"]), manifest, order.paths, threads)
        with np.load(order.paths["images"], allow_pickle=False) as images:
            part.images = images["images"]
        part.last_split_point = manifest.last_split_point
        part.forget()
    else:
        from hosts.models.runtime.tails import Tails

        part.tails = Tails.open(Path(order.paths["tail"]), manifest)
    with np.load(order.paths["reference"], allow_pickle=False) as reference:
        part.output_quality.reference = reference["outputs"]
    return Loaded(resident_mb=psutil.Process().memory_info().rss / 2**20)


def _holds(path: Path, sha256: str) -> bool:
    """True if a file with this content can be read there.

    A path is the controller's, and may lie in a folder that is closed to this host's user.
    """
    try:
        return path.is_file() and sha256_of(path) == sha256
    except OSError:
        return False
