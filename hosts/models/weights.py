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
    """Draw weights that keep activations in scale (He et al., arXiv 1502.01852).

    The last layer is then shifted and scaled so that each class's logit has mean 0 over the
    calibration images and all logits together a spread of 5: predictions depend on the image,
    not on the draw, and are neither flat nor saturated.

    Args:
        model: a network whose last layer is dense with softmax; changed in place.
        seed: of the draw.
        calibration: (n, ...) preprocessed images.
    """
    random = np.random.default_rng(seed)
    for layer in model.layers:
        values = layer.get_weights()
        if values and values[0].ndim >= 2:
            layer.set_weights([_drawn(random, values[0]), *[np.zeros_like(v) for v in values[1:]]])
    _centre(model, calibration)


def _drawn(random: np.random.Generator, like: Any) -> Any:
    fan_in = int(np.prod(like.shape[:-1]))
    drawn = random.standard_normal(like.shape, dtype=np.float32)
    drawn *= np.float32(np.sqrt(2.0 / fan_in))
    return drawn


def _centre(model: keras.Model, calibration: Images) -> None:
    import keras

    last = model.layers[-1]
    features = keras.Model(model.inputs[0], last.input)
    before = np.concatenate(
        [np.asarray(features(calibration[i : i + 8])) for i in range(0, len(calibration), 8)]
    )
    kernel = last.get_weights()[0]
    logits = before @ kernel
    spread = float((logits - logits.mean(axis=0)).std()) or 1.0
    kernel *= np.float32(_LOGIT_SPREAD / spread)
    last.set_weights([kernel, -(before @ kernel).mean(axis=0)])
