"""ResNet50 (He et al., arXiv 1512.03385) as keras.applications has it; split points 0..40."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hosts.models.networks._weights import built
from hosts.models.networks.base import Images, Progress, of_imagenet

if TYPE_CHECKING:
    import keras

ABOUT = of_imagenet("resnet50_weights_tf_dim_ordering_tf_kernels.h5", size_mb=145)


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """RGB 0..255 to BGR less ImageNet's mean, as its published weights expect."""
    from keras.applications.resnet50 import preprocess_input

    return np.asarray(preprocess_input(images.astype(np.float32).copy()), dtype=np.float32)


def build(weights: str, seed: int, calibration: Images, progress: Progress) -> keras.Model:
    """Build it with ImageNet's weights, those of a file, or seeded random ones."""
    from keras.applications import ResNet50

    return built(ResNet50, ABOUT, weights, seed, calibration, progress)
