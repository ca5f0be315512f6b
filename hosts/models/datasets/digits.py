"""The 1,797 labelled 8x8 digit images that scikit-learn ships; a fifth is held out."""

from __future__ import annotations

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.datasets.base import Dataset, Images

HELD_OUT = 360


def load(images: int, calibration: int, seed: int, input_shape: tuple[int, int, int]) -> Dataset:
    """Held-out digits for evaluation; for calibration, all the others (`calibration` at least).

    Enlarged by whole pixels to the network's input; pixels 0..255.
    """
    from sklearn.datasets import load_digits

    height, width, channels = input_shape
    if channels != 1 or height % 8 or width % 8:
        raise ModelError(f"digits are enlarged to (8n, 8n, 1); the network takes {input_shape}")
    if images > HELD_OUT:
        raise ModelError(f"data.images={images} asked of digits; {HELD_OUT} are held out")
    digits = load_digits()
    order = np.random.default_rng(11).permutation(len(digits.images))  # the same split for all
    pixels = (digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    pixels = pixels.repeat(height // 8, axis=1).repeat(width // 8, axis=2)
    labels = digits.target.astype(np.int64)
    held = np.random.default_rng([seed, 13]).permutation(order[:HELD_OUT])[:images]
    rest = order[HELD_OUT:]
    if calibration > rest.size:
        raise ModelError(f"data.calibration={calibration} asked of digits; {rest.size} are left")
    return Dataset(Images(pixels[held], labels[held]), Images(pixels[rest], labels[rest]))
