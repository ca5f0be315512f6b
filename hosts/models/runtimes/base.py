"""The base of runtimes: what computes a network's heads on the edge, or its tails in the cloud."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from hosts.core.errors import ModelError
from hosts.models.prepared.manifest import Manifest

if TYPE_CHECKING:  # the names of runtimes are asked for where nothing is computed
    import numpy as np
    import numpy.typing as npt

    from hosts.codecs.base import Tensor


class Heads(Protocol):
    """All heads of one network.

    Attributes:
        threads: that compute a head; may be changed at any time. None: as the runtime chooses.
        load_ms: what opening the head took that was run last; None: it was open.
    """

    threads: int | None
    load_ms: float | None

    def run_batch(self, split_point: int, images: npt.NDArray[np.float32]) -> Tensor:
        """Run a head on preprocessed images (batch, ...), all at once.

        Returns:
            Perhaps a view of the head's own output: let go of it before the next run.

        Raises:
            ModelError: no such split point, the images have another shape, or the head cannot
                take so many at once.
        """


class Tails(Protocol):
    """All tails of one network.

    Attributes:
        device: where the last tail ran, such as `CPU:0`.
        compile_ms: what the last run took if it had to compile its tail; None: it had not.
    """

    device: str
    compile_ms: float | None

    def run_batch(
        self, split_point: int, tensor: Tensor, device: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Run a tail; the tensor goes in as it came, its real values are made on the device.

        Args:
            split_point: 0 to the one before the last.
            tensor: (batch, ...) as the head gave it.
            device: `CPU:0` or `GPU:0`; None: as the runtime chooses.

        Returns:
            (batch, classes) the network's outputs.

        Raises:
            ModelError: no such split point, a tensor of another shape or type, or no such device.
        """


class Runtime:
    """A library that computes networks; each is a folder here.

    Attributes:
        name: the folder's. title: as its makers write it.
        heads: true if it computes heads. tails: likewise.
        graphs: the kinds of networks that it computes, see `Manifest.graph`.
        libraries: what is imported for it.
        package: the distribution whose version is told.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    heads: ClassVar[bool] = False
    tails: ClassVar[bool] = False
    graphs: ClassVar[tuple[str, ...]] = ("keras",)
    libraries: ClassVar[tuple[str, ...]]
    packages: ClassVar[tuple[str, ...]]

    @classmethod
    def is_here(cls) -> bool:
        """True if its libraries are installed; imports none of them."""
        return all(importlib.util.find_spec(name) is not None for name in cls.libraries)

    @classmethod
    def computes_on_gpu(cls) -> bool:
        """True if the libraries that it needs for GPUs are installed; imports none of them."""
        return False

    @classmethod
    def import_libraries(cls) -> None:
        """Import all that a network is computed with, so that it is not met when one is timed."""

    @classmethod
    def gpus(cls) -> int:
        """How many GPUs it can compute on; imports its libraries."""
        return 0

    @classmethod
    def open_heads(cls, manifest: Manifest, paths: Mapping[str, str], threads: int | None) -> Heads:
        """The heads of a prepared network.

        Args:
            manifest: the network's.
            paths: where this host has its files, by name.
            threads: that compute a head; None: as many as the runtime takes by itself.

        Raises:
            ArtifactError: a file is not what it should be. ModelError: it computes no heads.
        """
        raise ModelError(f"the runtime {cls.name} computes no heads")

    @classmethod
    def open_tails(cls, manifest: Manifest, paths: Mapping[str, str], *, tf32: bool) -> Tails:
        """The tails of a prepared network.

        Args:
            manifest: the network's.
            paths: where this host has its files, by name.
            tf32: whether a GPU may round the factors of a float32 product to 10 bits, which is
                faster.

        Raises:
            ArtifactError: a file is not what it should be. ModelError: it computes no tails.
        """
        raise ModelError(f"the runtime {cls.name} computes no tails")

    @classmethod
    def version(cls) -> str:
        """Name and version, such as `jax 0.10.2`; the name alone where no version is told."""
        from importlib import metadata

        for package in cls.packages:
            try:
                return f"{cls.name} {metadata.version(package)}"
            except metadata.PackageNotFoundError:
                continue
        return cls.name


def file_of(manifest: Manifest, paths: Mapping[str, str], name: str) -> Path:
    """Where a network's file lies: on this host, else where it was made.

    Raises:
        ModelError: the network was prepared without one.
    """
    if name in paths:
        return Path(paths[name])
    if name not in manifest.artifacts:
        raise ModelError(f"{manifest.network} was prepared without the file {name!r}")
    return Path(manifest.artifacts[name].path)
