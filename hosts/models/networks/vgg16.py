"""VGG16 (Simonyan and Zisserman, arXiv 1409.1556) as keras.applications has it; 0..22."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hosts.models.networks._weights import built
from hosts.models.networks.base import Images, Progress, of_imagenet

if TYPE_CHECKING:
    import keras

ABOUT = of_imagenet("vgg16_weights_tf_dim_ordering_tf_kernels.h5", size_mb=710)


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """RGB 0..255 to BGR less ImageNet's mean, as its published weights expect."""
    from keras.applications.vgg16 import preprocess_input

    return np.asarray(preprocess_input(images.astype(np.float32).copy()), dtype=np.float32)


def build(weights: str, seed: int, calibration: Images, progress: Progress) -> keras.Model:
    """Build it with ImageNet's weights, those of a file, or seeded random ones."""
    from keras.applications import VGG16

    return built(VGG16, ABOUT, weights, seed, calibration, progress)
