"""Any image data set of TensorFlow Datasets, by its name; that package is not required."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from typing import Any

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.datasets._pictures import fitted
from hosts.models.datasets.base import Dataset, Images, Source

_PACKAGE = "tensorflow_datasets"
_SPLIT = "validation"
_SHUFFLED = 10


def check(source: Source) -> None:
    """Refuse if the package is not installed, or no data set is named."""
    if not source.tfds:
        raise ModelError("data=tfds needs data.tfds=NAME, for example data.tfds=imagenet_v2")
    if importlib.util.find_spec(_PACKAGE) is None:
        raise ModelError(
            "data=tfds needs the package tensorflow-datasets, which is not installed here: "
            "pip install tensorflow-datasets importlib_resources, or use data=imagenet_folder"
        )


def identity(source: Source) -> str:
    """Its name, part, and the package's version."""
    try:
        version = importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return f"{source.tfds} {source.split or _SPLIT} {version}"


def load(
    images: int,
    calibration: int,
    seed: int,
    input_shape: tuple[int, int, int],
    source: Source,
) -> Dataset:
    """The first images of the shuffled split, those for evaluation before the others."""
    check(source)
    needed = images + calibration
    found = _examples(source, needed, seed)
    if len(found) < needed:
        raise ModelError(
            f"{needed} images asked of {source.tfds}, split {source.split or _SPLIT}; it has "
            f"{len(found)}"
        )
    pixels = np.stack([fitted(one["image"], input_shape, source.resampling) for one in found])
    labels = _labels(found, source)
    return Dataset(
        Images(pixels[:images], None if labels is None else labels[:images]),
        Images(pixels[images:], None if labels is None else labels[images:]),
    )


def _examples(source: Source, needed: int, seed: int) -> list[Any]:
    try:
        tfds = importlib.import_module(_PACKAGE)
        split = tfds.load(source.tfds, split=source.split or _SPLIT, data_dir=source.path or None)
        chosen = split.shuffle(_SHUFFLED * needed, seed=seed).take(needed)
        return list(tfds.as_numpy(chosen))
    except Exception as error:  # the package raises many kinds
        first = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"data.tfds={source.tfds}, split {source.split or _SPLIT}, cannot be loaded: "
            f"{first or type(error).__name__}"
        ) from error


def _labels(found: list[Any], source: Source) -> Any:
    if not all("label" in one for one in found):
        return None
    labels = np.array([int(one["label"]) for one in found], dtype=np.int64)
    if source.classes and labels.size and not 0 <= labels.min() <= labels.max() < source.classes:
        raise ModelError(
            f"{source.tfds} has the class {labels.max()}; the network has 0..{source.classes - 1}"
        )
    return labels
