"""Pictures made to fit a network's input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.datasets.base import Resampling

if TYPE_CHECKING:
    from PIL.Image import Image

_MARGIN = 8 / 7
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Of pictures by their number of channels; the fourth is opacity, full where a file has none."""
_OPAQUE = 255

Pixels = npt.NDArray[np.uint8]


def decoded(path: Path, shape: tuple[int, int, int], resampling: Resampling = "bilinear") -> Pixels:
    """An image file as (height, width, channels), see `fitted`.

    Raises:
        ModelError: it cannot be decoded; names the file. Or no picture has so many channels.
    """
    from PIL import Image

    mode = _mode(shape, 1, 3, 4)
    try:
        with Image.open(path) as file:
            picture = file.convert(mode)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ModelError(f"{path} cannot be decoded as an image: {error}") from error
    return _cropped(picture, shape, resampling)


def fitted(
    pixels: Pixels, shape: tuple[int, int, int], resampling: Resampling = "bilinear"
) -> Pixels:
    """Pixels (h, w, 1 or 3) as (height, width, channels); one channel is grey.

    Resized to 8/7 of the input by the shorter side and cropped at the centre, as the networks of
    `keras.applications` are validated (256 and 224 pixels).

    Raises:
        ModelError: the network takes neither one channel nor three.
    """
    from PIL import Image

    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return _cropped(Image.fromarray(flat).convert(_mode(shape, 1, 3)), shape, resampling)


def in_channels(pixels: Pixels, channels: int) -> Pixels:
    """Bundled pixels (..., 1 or 3) in any number of channels.

    One is grey, the fourth of four is full opacity; otherwise the channels there are recur.
    """
    if channels == pixels.shape[-1]:
        return pixels
    if channels == 1:
        weights = np.array([299, 587, 114])  # as Pillow weighs red, green and blue
        grey: Pixels = ((pixels @ weights + 500) // 1000).astype(np.uint8)
        return grey[..., np.newaxis]
    found: Pixels = pixels[..., np.arange(channels) % pixels.shape[-1]]
    if channels == 4:
        found[..., 3] = _OPAQUE
    return found


def _mode(shape: tuple[int, int, int], *allowed: int) -> str:
    if shape[2] not in allowed:
        words = ", ".join(map(str, allowed))
        raise ModelError(
            f"the network takes images of {shape[2]} channels; pictures of this data set are made "
            f"into {words}"
            + ("; data=imagenet_folder with RGBA files gives 4" if shape[2] == 4 else "")
        )
    return _MODES[shape[2]]


def _cropped(picture: Image, shape: tuple[int, int, int], resampling: Resampling) -> Pixels:
    from PIL import Image

    height, width, channels = shape
    scale = _MARGIN * max(width / picture.width, height / picture.height)
    size = (max(width, round(picture.width * scale)), max(height, round(picture.height * scale)))
    resized = picture.resize(size, Image.Resampling[resampling.upper()])
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    cropped = resized.crop((left, top, left + width, top + height))
    return np.asarray(cropped, dtype=np.uint8).reshape(height, width, channels)
