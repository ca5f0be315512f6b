"""Images in a folder: in class folders, or flat with a file of their classes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.datasets._folders import Labelled, labelled_files
from hosts.models.datasets._pictures import decoded
from hosts.models.datasets.base import Dataset, Images, Source


def check(source: Source) -> None:
    """Refuse a missing folder, and classes that are missing or that the network does not have."""
    labelled_files(source)


def identity(source: Source) -> str:
    """A hash of every file's name, size and time of change, and of its class."""
    digest = hashlib.sha256()
    for path, label in labelled_files(source):
        stat = path.stat()
        told = (str(path.relative_to(source.path)), stat.st_size, stat.st_mtime_ns, label)
        digest.update(repr(told).encode())
    return digest.hexdigest()[:16]


def load(
    images: int,
    calibration: int,
    seed: int,
    input_shape: tuple[int, int, int],
    source: Source,
) -> Dataset:
    """A seeded choice of the files: some for evaluation, others for calibration."""
    files = labelled_files(source)
    if images + calibration > len(files):
        raise ModelError(
            f"{images} images for evaluation and {calibration} for calibration asked; "
            f"{source.path} has {len(files)}: say data.images= and model.calibration_images="
        )
    order = np.random.default_rng([seed, 17]).permutation(len(files))
    chosen = [files[place] for place in order[: images + calibration]]
    return Dataset(
        _read(chosen[:images], input_shape, source), _read(chosen[images:], input_shape, source)
    )


def _read(files: Sequence[Labelled], shape: tuple[int, int, int], source: Source) -> Images:
    pixels = np.zeros((len(files), *shape), dtype=np.uint8)
    for place, (path, _) in enumerate(files):
        pixels[place] = decoded(path, shape, source.resampling)
    labels = [label for _, label in files if label is not None]
    known = len(labels) == len(files)
    return Images(pixels, np.array(labels, dtype=np.int64) if known else None)
