"""The options of `data`: the images that are inferred."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from dynasplit.config.paths import path as a_path
from dynasplit.config.rules import (
    at_least,
    option,
)


@dataclass
class DataConf:
    """The images that are inferred.

    Attributes:
        name: a module of hosts/models/datasets. images: how many.
        path: imagenet_folder's folder; tfds: where it keeps its files, None: as it likes.
        labels: imagenet_folder's file of classes, or `none`; None: the folders' names say them.
        tfds: the data set's name in TensorFlow Datasets. split: which part of it.
    """

    name: str = MISSING
    images: int = option(24, at_least(1))
    path: str | None = option(None, a_path())
    labels: str | None = option(None, a_path())
    tfds: str | None = None
    split: str | None = None
