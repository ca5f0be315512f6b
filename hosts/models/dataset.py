"""What a file in `datasets/` gives, and how one is found by name."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hosts.errors import ModelError


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


def names() -> list[str]:
    """The data sets there are: the modules of `datasets/`."""
    import hosts.models.datasets

    return sorted(m.name for m in pkgutil.iter_modules(hosts.models.datasets.__path__))


def load(
    name: str, images: int, calibration: int, seed: int, input_shape: tuple[int, int, int]
) -> Dataset:
    """Load a data set.

    Args:
        name: which one.
        images: how many for evaluation.
        calibration: how many for calibration.
        seed: of the choice.
        input_shape: (height, width, channels) that the network takes.

    Raises:
        ModelError: there is no such data set, or it does not have as many images.
    """
    if name not in names():
        raise ModelError(f"data set {name!r} asked; there are: {', '.join(names())}")
    module = importlib.import_module(f"hosts.models.datasets.{name}")
    found: Dataset = module.load(images, calibration, seed, input_shape)
    return found
