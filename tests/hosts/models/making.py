"""Preparing in this process, where TensorFlow is loaded already."""

from pathlib import Path

from hosts.models.prepare.prepare import PrepareOrder, settled
from hosts.models.prepared.artifacts import ArtifactCache
from hosts.models.prepared.manifest import Manifest


def make_here(order: PrepareOrder, root: Path) -> Manifest:
    from hosts.models.prepare.make_network import make

    return make(settled(order), ArtifactCache(root))
