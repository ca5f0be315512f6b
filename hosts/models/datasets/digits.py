"""The 1,797 labelled 8x8 digit images that scikit-learn ships; a fifth is held out."""

from __future__ import annotations

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.datasets._pictures import in_channels
from hosts.models.datasets.base import Dataset, Images

HELD_OUT = 360


def load(images: int, calibration: int, seed: int, input_shape: tuple[int, int, int]) -> Dataset:
    """Held-out digits for evaluation; for calibration, all the others (`calibration` at least).

    Enlarged to the network's input by repeating pixels, in all its channels; pixels 0..255.
    """
    from sklearn.datasets import load_digits

    height, width, channels = input_shape
    if images > HELD_OUT:
        raise ModelError(f"data.images={images} asked of digits; {HELD_OUT} are held out")
    digits = load_digits()
    order = np.random.default_rng(11).permutation(len(digits.images))  # the same split for all
    pixels = (digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    side = pixels.shape[1]
    rows, columns = (np.arange(size) * side // size for size in (height, width))
    pixels = in_channels(pixels[:, rows][:, :, columns], channels)
    labels = digits.target.astype(np.int64)
    held = np.random.default_rng([seed, 13]).permutation(order[:HELD_OUT])[:images]
    rest = order[HELD_OUT:]
    if calibration > rest.size:
        raise ModelError(f"data.calibration={calibration} asked of digits; {rest.size} are left")
    return Dataset(Images(pixels[held], labels[held]), Images(pixels[rest], labels[rest]))
