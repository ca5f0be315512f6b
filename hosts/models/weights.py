"""Where a network's weights come from: a download bounded in time, or a seeded draw."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.errors import ModelError
from hosts.models.network import About, Images, Progress

if TYPE_CHECKING:
    import keras

SOURCES = ("auto", "imagenet", "trained", "random")
_STALLED_S = 30.0
_LOGIT_SPREAD = 5.0
_STATISTICS_IMAGES = 12
_CLASS_SPREAD = 0.8
_SHIFT = 0.8  # of a channel's mean: all of it makes deep layers chaotic, none of it alike
_WHITE = 0.3
_BUMP = np.array([[0.5, 0.7, 0.5], [0.7, 1.0, 0.7], [0.5, 0.7, 0.5]], dtype=np.float32)


def keras_cache() -> Path:
    """Where Keras keeps the weights that it has downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def resolve(asked: str, about: About, network: str) -> str:
    """Which weights `asked` means here.

    Args:
        asked: `auto` takes learned weights where they are at hand, else random ones.
        about: of the network.
        network: its name, for the message.

    Raises:
        ModelError: the network has no such weights.
    """
    if asked == "auto":
        if about.learned == "trained":
            return "trained"
        at_hand = about.pretrained_file and (keras_cache() / about.pretrained_file).is_file()
        return about.learned if at_hand else "random"
    if asked not in (about.learned, "random"):
        raise ModelError(
            f"model.weights={asked} asked for {network}; allowed: auto, {about.learned}, random"
        )
    return asked


def download(build: Callable[[], Any], file: str, progress: Progress) -> keras.Model:
    """Build a network with downloaded weights; a stalled download is given up.

    Raises:
        ModelError: it could not be had.
    """
    progress(f"downloading {file} unless it is at hand")
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_S)
    try:
        model: keras.Model = build()
    except Exception as error:  # Keras raises bare Exceptions here
        raise ModelError(
            f"model.weights=imagenet: {file} could not be downloaded ({str(error)[:200]}); put it "
            f"into {keras_cache()}, or use model.weights=random"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    return model


def randomise(model: keras.Model, seed: int, calibration: Images) -> None:
    """Draw weights that keep activations in scale, images apart, and rounding errors small.

    Drawn with the variance of He et al. (arXiv 1502.01852); then, layer by layer, each channel is
    shifted and scaled over the calibration images (after Mishkin and Matas, arXiv 1511.06422):
    without that, all images look alike to deep layers. Spatial kernels are mostly smooth, as
    learned ones are: white ones amplify rounding from layer to layer. The last layer's classes
    differ in scale, so that the highest logit stands out, and each has mean 0: predictions depend
    on the image, not on the draw, and are neither flat nor saturated.

    Args:
        model: a functional graph whose layers are called once, the last one dense with softmax;
            changed in place.
        seed: of the draw.
        calibration: (n, ...) preprocessed images.
    """
    import keras

    random = np.random.default_rng(seed)
    values: dict[int, Any] = {id(model.inputs[0]): calibration[:_STATISTICS_IMAGES]}
    for layer in model.operations:
        if type(layer).__name__ == "InputLayer":
            continue
        inputs = keras.tree.map_structure(lambda tensor: values[id(tensor)], layer.input)
        if getattr(layer, "kernel", None) is not None and getattr(layer, "bias", None) is not None:
            is_last = layer.output is model.outputs[0]
            _draw(layer, random, inputs, is_last)
        values[id(layer.output)] = layer(inputs)


def _draw(layer: Any, random: np.random.Generator, inputs: Any, last: bool) -> None:
    """Draw one layer, and set mean and spread of what it gives before its activation."""
    import keras

    kernel = _kernel(random, layer.kernel.shape)
    if last:
        scales = np.exp(_CLASS_SPREAD * random.standard_normal(kernel.shape[-1]))
        kernel *= scales.astype(np.float32)
    layer.set_weights([kernel, np.zeros(layer.bias.shape, np.float32)])
    activation, layer.activation = layer.activation, keras.activations.linear
    before = np.asarray(layer(inputs))
    layer.activation = activation
    over = tuple(range(before.ndim - 1))
    shift = before.mean(axis=over) * (1.0 if last else _SHIFT)
    if last:
        scale = _LOGIT_SPREAD / (before - shift).std()
    else:
        scale = np.sqrt(2.0 / np.maximum(((before - shift) ** 2).mean(axis=over), 1e-12))
    layer.set_weights([kernel * scale, -shift * scale])


def _kernel(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """(..., in, out) float32; with spatial dimensions of 3, mostly a smooth bump."""
    fan_in = int(np.prod(shape[:-1]))
    kernel = random.standard_normal(shape, dtype=np.float32)
    if shape[:-2] == (3, 3):
        mixed = random.standard_normal(shape[2:], dtype=np.float32)
        kernel = _WHITE * kernel + _BUMP[:, :, np.newaxis, np.newaxis] * mixed
    kernel *= np.float32(np.sqrt(2.0 / fan_in))
    return kernel
