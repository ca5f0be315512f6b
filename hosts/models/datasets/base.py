"""The base of data sets, and look-up by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.core.modules import module_names

Resampling = Literal["bilinear", "bicubic"]
"""How a picture is resized."""


@dataclass(frozen=True)
class Images:
    """Images of one kind of use.

    Attributes:
        pixels: (n, height, width, channels), 0..255, any number type.
        labels: (n,) classes; None where there are none.
    """

    pixels: npt.NDArray[np.generic]
    labels: npt.NDArray[np.int64] | None


@dataclass(frozen=True)
class Dataset:
    """Images for evaluation, and others for calibration and training.

    Attributes:
        evaluation: what accuracy and fidelity are measured on.
        calibration: what quantisation and training may see.
    """

    evaluation: Images
    calibration: Images


@dataclass(frozen=True)
class Source:
    """The source of a data set's images, if they do not come with the project.

    Attributes:
        path: a folder. labels: a file that says the images' classes.
        tfds: the name in TensorFlow Datasets. split: which part of it.
        classes: how many the network has; 0: not known.
        resampling: how its pictures are resized.
    """

    path: str = ""
    labels: str = ""
    tfds: str = ""
    split: str = ""
    classes: int = 0
    resampling: Resampling = "bilinear"


def names() -> list[str]:
    """The data sets there are: the modules of `datasets/`."""
    return module_names(importlib.import_module("hosts.models.datasets").__path__)


def load(
    name: str,
    images: int,
    calibration: int,
    seed: int,
    input_shape: tuple[int, int, int],
    source: Source | None = None,
) -> Dataset:
    """Load a data set.

    Args:
        name: which one.
        images: how many for evaluation.
        calibration: how many for calibration.
        seed: of the choice.
        input_shape: (height, width, channels) that the network takes.
        source: where its images are; None: they come with the project.

    Raises:
        ModelError: there is no such data set, it does not have as many images, or one of them
            cannot be used.
    """
    module = _module(name)
    asked = (images, calibration, seed, input_shape)
    found: Dataset = (
        module.load(*asked, source or Source()) if _is_elsewhere(module) else (module.load(*asked))
    )
    return found


def check(name: str, source: Source) -> None:
    """Refuse, without importing a framework, what cannot be loaded.

    Raises:
        ModelError: there is no such data set, or not where it is said to be.
    """
    module = _module(name)
    if _is_elsewhere(module):
        module.check(source)
        return
    for key in ("path", "labels", "tfds", "split"):
        if value := getattr(source, key):
            raise ModelError(
                f"data.{key}={value} has no use with data={name}, which comes with the project"
            )


def identity(name: str, source: Source) -> str:
    """The identity of a source's images; empty: they come with the project."""
    module = _module(name)
    found: str = module.identity(source) if _is_elsewhere(module) else ""
    return found


def _module(name: str) -> Any:
    if name not in names():
        raise ModelError(f"data set {name!r} asked; there are: {', '.join(names())}")
    return importlib.import_module(f"hosts.models.datasets.{name}")


def _is_elsewhere(module: Any) -> bool:
    """True if a data set's images do not come with the project, so that its source is checked."""
    return hasattr(module, "check")
