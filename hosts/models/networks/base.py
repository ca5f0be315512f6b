"""The base of networks, and look-up by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.core.modules import module_names
from hosts.models.datasets.base import Resampling

if TYPE_CHECKING:
    import keras

Images = npt.NDArray[np.float32]


class Progress(Protocol):
    """A callback that is told what a long step is doing."""

    def __call__(self, what: str, /) -> None:
        """Say it."""
        ...


@dataclass(frozen=True)
class NetworkFacts:
    """Facts about a network that are known without building it.

    Attributes:
        input_shape: (height, width, channels). classes: how many.
        dataset: the data set that it is measured with by default.
        learned: the weights that it can learn, download or have stored: `imagenet`, `trained` or
            `stored`; empty: none.
        pretrained_file: what Keras' own cache calls the downloaded weights; empty: none.
        package: the package of Python that brings the learned weights; empty: none does.
        package_file: the pattern of their file in it.
        size_mb: about what its prepared files take on disk.
        precision: of its heads by default.
        weight_files: the kinds of files, by suffix, that its weights can be read from.
        resampling: how pictures were resized that its weights were judged on.
        split_points: names of those cuts of its graph that are its split points; empty: all.
        graph: the kind of network, see `Manifest.graph`.
        files: those that lie beside the network's file and belong to it.
    """

    input_shape: tuple[int, int, int]
    classes: int
    dataset: str
    learned: str
    pretrained_file: str = ""
    package: str = ""
    package_file: str = ""
    size_mb: float = 1.0
    precision: str = "int8"
    weight_files: tuple[str, ...] = ()
    resampling: Resampling = "bilinear"
    split_points: tuple[str, ...] = ()
    graph: str = "keras"
    files: tuple[Path, ...] = ()


def of_imagenet(pretrained_file: str, size_mb: float) -> NetworkFacts:
    """Of a network of `keras.applications` for 224 x 224 images and ImageNet's classes."""
    return NetworkFacts(
        input_shape=(224, 224, 3),
        classes=1000,
        dataset="photos",
        learned="imagenet",
        pretrained_file=pretrained_file,
        size_mb=size_mb,
        weight_files=(".keras", ".h5"),
    )


class Network(Protocol):
    """A module of `networks/`, or what such a module makes of a file."""

    @property
    def ABOUT(self) -> NetworkFacts:  # noqa: N802
        """Facts that are known without building the network."""
        ...

    def build(
        self, weights: str, seed: int, calibration: Images, progress: Progress, /
    ) -> keras.Model:
        """The network with its weights; `calibration` (n, ...) is preprocessed."""
        ...

    def preprocess(self, images: npt.NDArray[np.generic]) -> Images:
        """Images as the data set gives them, (n, height, width, channels), 0..255."""
        ...


def names() -> list[str]:
    """The networks there are: the modules of `networks/`."""
    return module_names(importlib.import_module("hosts.models.networks").__path__)


def find(name: str, path: str = "", scaling: str = "none") -> Network:
    """The network of that name.

    Args:
        name: which one.
        path: the file of `keras_file` and `onnx_file`.
        scaling: of its pixels.

    Raises:
        ModelError: there is none, or `path` is missing or has no use.
    """
    if name not in names():
        raise ModelError(f"network {name!r} asked; there are: {', '.join(names())}")
    module: Any = importlib.import_module(f"hosts.models.networks.{name}")
    if hasattr(module, "at"):
        found: Network = module.at(path, scaling)
        return found
    if path:
        raise ModelError(
            f"model.path={path} has no use with model={name}; say model=keras_file, or "
            "model=onnx_file"
        )
    network: Network = module
    return network


def graph_of(name: str) -> str:
    """The kind of a network by its name alone, see `Manifest.graph`; no file is read."""
    if name not in names():
        return "keras"
    module = importlib.import_module(f"hosts.models.networks.{name}")
    return str(getattr(module, "GRAPH", "keras"))
