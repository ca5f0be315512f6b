"""Keras graphs converted to LiteRT files: int8, float32 or float16."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.networks.base import Images

if TYPE_CHECKING:
    import keras

PRECISIONS = ("int8", "float32", "float16")
"""int8: weights per channel and activations are integers; float16: weights only, what is computed
and sent is float32."""
_SAID = 300  # characters of the converter's own message
_WEIGHT_BYTES = {"int8": 1, "float32": 4, "float16": 2}
SENT_BYTES = {"int8": 1, "float32": 4, "float16": 4}
"""Of each element of an intermediate tensor, as a head gives it."""


def convert(model: keras.Model, precision: str, calibration: Images) -> bytes:
    """A LiteRT file's content, for one image at a time.

    Args:
        model: a functional graph with one input and one output.
        precision: one of PRECISIONS.
        calibration: (n, ...) preprocessed images that set int8 activations' ranges.

    Raises:
        ModelError: the converter refuses it.
    """
    import tensorflow as tf

    specification = tf.TensorSpec((1, *calibration.shape[1:]), tf.float32)
    function = tf.function(
        lambda x: model(x, training=False), autograph=False
    ).get_concrete_function(specification)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "int8":
        converter.representative_dataset = lambda: ([image[np.newaxis]] for image in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            content: bytes = converter.convert()
        except Exception as error:  # the converter lets many kinds through
            said = " ".join(str(error).split())[:_SAID]
            raise ModelError(
                f"{model.name} cannot be converted to {precision}: {type(error).__name__}: {said}"
            ) from error
    return content


def recurrent_kinds(model: keras.Model) -> list[str]:
    """The kinds of a network's layers with steps in time, within other layers too."""
    from keras import layers

    inner = model._flatten_layers(include_self=False)
    return sorted({type(layer).__name__ for layer in inner if isinstance(layer, layers.RNN)})


def check_size(model: keras.Model, path: Path, precision: str) -> None:
    """The converter can leave weights out without an error.

    Raises:
        ModelError: the file is smaller than the weights that it must hold.
    """
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights if len(w.shape) > 1)
    if path.stat().st_size < weights * _WEIGHT_BYTES[precision]:
        raise ModelError(
            f"{path} has {path.stat().st_size} bytes for {weights} weights in {precision}: some "
            "were left out"
        )
