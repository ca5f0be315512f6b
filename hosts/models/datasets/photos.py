"""Seeded random crops of the two photographs that scikit-learn ships; no labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hosts.models.datasets._pictures import in_channels
from hosts.models.datasets.base import Dataset, Images

_LEAST_SHARE = 0.25


def load(images: int, calibration: int, seed: int, input_shape: tuple[int, int, int]) -> Dataset:
    """Crops between a quarter and the whole of a photograph's height, some mirrored.

    In as many channels as the network takes: grey, in colour, with full opacity, or recurring.
    """
    from sklearn.datasets import load_sample_images

    photos = load_sample_images().images
    random = np.random.default_rng([seed, 7])
    crops = [
        _crop(photos[i % len(photos)], random, input_shape) for i in range(images + calibration)
    ]
    pixels = in_channels(np.stack(crops), input_shape[2])
    return Dataset(Images(pixels[:images], None), Images(pixels[images:], None))


def _crop(
    photo: npt.NDArray[np.uint8], random: np.random.Generator, shape: tuple[int, int, int]
) -> npt.NDArray[np.uint8]:
    from PIL import Image

    height, width = photo.shape[:2]
    side = int(min(height, width) * random.uniform(_LEAST_SHARE, 1.0))
    top, left = random.integers(0, height - side + 1), random.integers(0, width - side + 1)
    crop = Image.fromarray(photo[top : top + side, left : left + side])
    pixels = np.asarray(crop.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return pixels[:, ::-1] if random.random() < 0.5 else pixels
