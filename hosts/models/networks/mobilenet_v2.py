"""MobileNetV2 (Sandler et al., arXiv 1801.04381) as keras.applications has it; 0..75."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hosts.models.networks._weights import built
from hosts.models.networks.base import Images, Progress, of_imagenet

if TYPE_CHECKING:
    import keras

ABOUT = of_imagenet("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5", size_mb=80)


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """Pixels 0..255 to -1..1."""
    return (images.astype(np.float32) / 127.5 - 1.0).astype(np.float32)


def build(weights: str, seed: int, calibration: Images, progress: Progress) -> keras.Model:
    """Build it with ImageNet's weights, those of a file, or seeded random ones."""
    from keras.applications import MobileNetV2

    return built(MobileNetV2, ABOUT, weights, seed, calibration, progress)
