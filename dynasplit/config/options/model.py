"""The options of `model`: the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from dynasplit.config.paths import path as a_path
from dynasplit.config.rules import (
    at_least,
    option,
)


@dataclass
class ModelConf:
    """The network.

    Attributes:
        name: a module of hosts/models/networks.
        weights: auto (learned ones where they are at hand, else random), imagenet, trained,
            stored or random, as far as the network has them; or a file.
        precision: of heads: auto (the network's own), int8, float32 or, of Keras networks, float16.
        path: the .keras or .h5 file of model=keras_file, the .onnx file of model=onnx_file.
        scaling: of that network's pixels: none (0..255) or unit (0..1); of an ONNX file also
            signed (-1..1) or imagenet (less the mean of ImageNet's channels, by their deviation).
        seed: of random weights, and of the choice of images.
        calibration_images: how many integers are calibrated with.
        split_points: those that may be searched; None: all.
    """

    name: str = MISSING
    weights: str = option("auto", a_path())
    precision: str = "auto"
    path: str | None = option(None, a_path())
    scaling: str = "none"
    seed: int = 0
    calibration_images: int = option(24, at_least(1))
    split_points: list[int] | None = None

    @property
    def label(self) -> str:
        """The network's name in results; a network of a file has the file's name."""
        return Path(self.path).name if self.path else self.name
