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
from hosts.machine.base import Machine
from hosts.models import runtimes
from hosts.models.prepared.artifacts import default_root, sha256_of
from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.base import Runtime
from hosts.wire.files import FindOrder, Found, Loaded, LoadOrder
from hosts.wire.messages import StartOrder

GPUS = "proc/driver/nvidia/gpus"
"""Where NVIDIA's driver shows a folder for each GPU."""


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


def runtime_of(order: StartOrder, machine: Machine, graph: str | None = None) -> type[Runtime]:
    """The library that this host computes its part with.

    Args:
        order: what the agent was started with.
        machine: the host.
        graph: the kind of network; None: not known yet.

    Raises:
        ModelError: the one asked for is not there, or none is.
    """
    has_gpu = not machine.emulated and any((machine.root / GPUS).glob("*"))
    return runtimes.settled(order.role, order.runtime, has_gpu=has_gpu, graph=graph)


def begin_imports(order: StartOrder, machine: Machine) -> threading.Thread:
    """Import what a network of this host is computed with, while the agent is spoken to.

    What cannot be imported is told when a network is loaded.
    """

    def imported() -> None:
        with contextlib.suppress(Exception):
            runtime_of(order, machine).import_libraries()

    begun = threading.Thread(target=imported, daemon=True)
    begun.start()
    return begun


def load(part: EdgeAgent | CloudAgent, order: LoadOrder, start: StartOrder) -> Loaded:
    """Load heads and images on the edge, tails on the cloud.

    Args:
        part: the agent's.
        order: what to load.
        start: what the agent was started with: its runtime, its CPUs.

    Raises:
        ArtifactError: the manifest or a file cannot be used.
        ModelError: no library computes this host's part.
    """
    import psutil

    try:
        manifest = msgspec.json.decode(order.manifest, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ArtifactError(f"the network's manifest cannot be read: {error}") from error
    runtime = runtime_of(start, part.machine, manifest.graph)
    runtime.import_libraries()  # not when the first head is timed
    part.runtime = runtime.version()
    if isinstance(part, EdgeAgent):
        part.heads = runtime.open_heads(manifest, order.paths, len(start.cpus) or None)
        with np.load(order.paths["images"], allow_pickle=False) as images:
            part.images = images["images"]
        part.last_split_point = manifest.last_split_point
        part.forget()
    else:
        part.tails = runtime.open_tails(manifest, order.paths, tf32=start.tf32)
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
