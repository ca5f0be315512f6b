"""Whether the converter takes a user's graph: operations that are rarely met are tried alone.

A whole network fails with words of the converter's that name no layer, or takes minutes to. So each
operation of a kind that is not known to serve is converted alone, on images of its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.keras_graphs.graph import Call, calls
from hosts.models.networks.base import Progress
from hosts.models.prepare.litert import PRECISIONS, convert

if TYPE_CHECKING:
    import keras

TRYING = "trying to convert "
_SERVE = frozenset(
    (
        *("InputLayer", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "Flatten"),
        *("BatchNormalization", "ReLU", "Add", "Concatenate", "Reshape", "Dropout"),
        *("MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        *("ZeroPadding2D", "UpSampling2D", "LeakyReLU", "Rescaling", "SpatialDropout2D"),
    )
)
"""Kinds of layers that are converted in every precision, with any of the activations below."""
_ACTIVATIONS = frozenset(("linear", "relu", "relu6", "softmax", "sigmoid", "tanh"))
_SAID = 160  # characters of the converter's own message
_MISSING = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_CALIBRATION = 2


def check(model: keras.Model, precision: str, progress: Progress) -> None:
    """Refuse a graph with an operation that the converter does not take.

    Args:
        model: a functional graph with one input and one output.
        precision: that its heads are to be computed in.
        progress: is told what is tried, before it is: the converter can end this process.

    Raises:
        ModelError: there is one; names it, and a precision that would do.
    """
    for call in _rare(model):
        name = f"its layer {call.operation.name} ({type(call.operation).__name__})"
        progress(f"{TRYING}{name} to {precision}")
        failed = _failure(call, precision)
        if failed is None:
            continue
        others = [one for one in PRECISIONS if one != precision and _failure(call, one) is None]
        instead = (
            f"model.precision={others[0]} would do"
            if others
            else "no precision would do: replace the layer"
        )
        raise ModelError(
            f"{name} cannot be computed in {precision} on the edge; {instead} ({failed})"
        )


def _rare(model: keras.Model) -> Iterator[Call]:
    """One call of each operation that is not known to serve."""
    met: set[str] = set()
    for call in calls(model):
        if _serves(call.operation) or not call.inputs:
            continue
        kind = _kind(call)
        if kind not in met:
            met.add(kind)
            yield call


def _serves(operation: Any) -> bool:
    if type(operation).__name__ not in _SERVE:
        return False
    activation = getattr(operation, "activation", None)
    layout = getattr(operation, "data_format", None) or "channels_last"
    named = activation is None or getattr(activation, "__name__", "") in _ACTIVATIONS
    return named and layout == "channels_last"


def _kind(call: Call) -> str:
    """What makes two operations alike: class, configuration but for the name, and shapes."""
    try:
        told = call.operation.get_config()
    except (NotImplementedError, AttributeError):
        told = {"name": call.name, "of": id(call.operation)}
    told.pop("name", None)
    shapes = [(tuple(tensor.shape), str(tensor.dtype)) for tensor in call.inputs]
    return f"{type(call.operation).__name__} {told} {shapes}"


def _failure(call: Call, precision: str) -> str | None:
    """The converter's words on one operation; None: it takes it."""
    alone = _alone(call)
    size = int(alone.inputs[0].shape[1])
    images = np.random.default_rng(0).random((_CALIBRATION, size), dtype=np.float32)
    try:
        convert(alone, precision, images)
    except ModelError as error:
        return _why(str(error.__cause__ or error))
    return None


def _why(said: str) -> str:
    """The point of the converter's words, which name places in its own files."""
    if missing := _MISSING.search(said):
        return f"LiteRT has nothing for TensorFlow's {missing[1]}"
    return f"the converter: {said.strip().partition(chr(10))[0].partition('/')[0][:_SAID]}"


def _alone(call: Call) -> keras.Model:
    """A network of one operation, whose inputs are parts of one row of numbers."""
    import keras

    sizes = [int(np.prod(tensor.shape[1:])) for tensor in call.inputs]
    row = keras.Input((sum(sizes),))
    values, start = {}, 0
    for tensor, size in zip(call.inputs, sizes, strict=True):
        part = keras.layers.Reshape(tuple(tensor.shape[1:]))(row[:, start : start + size])
        is_float = str(tensor.dtype) == "float32"
        values[id(tensor)] = part if is_float else keras.ops.cast(part, tensor.dtype)
        start += size
    arguments, options = call.arguments.fill_in(values)
    made = keras.tree.flatten(call.operation(*arguments, **options))[0]
    is_float = str(made.dtype) == "float32"
    return keras.Model(row, made if is_float else keras.ops.cast(made, "float32"), name="alone")
