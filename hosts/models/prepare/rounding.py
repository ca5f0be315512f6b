"""Weights of convolutions rounded to eight bits so that their errors make up for each other.

Rounding each weight to the nearest step shifts a channel's outputs, since what enters a layer is
alike from place to place; networks of depthwise convolutions, with few weights a channel, lose the
most. Here weights are rounded one after another, and those that are left make up for the error so
far, by the least squares of what enters the layer (GPTQ: Frantar et al., arXiv 2210.17323).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.models.keras_graphs.graph import calls
from hosts.models.networks.base import Images

if TYPE_CHECKING:
    import keras

Array = npt.NDArray[np.floating[Any]]

_IMAGES = 24
_PLACES = 4  # of a layer's inputs, for each weight of a channel
_LEAST_PLACES = 4096
_MOST_VALUES = 1 << 26  # of all these places
_LARGEST = 1152
"""Weights of a channel, 3 x 3 x 128: more take minutes, and are left to the converter."""
_COLUMNS = 64  # weights that are rounded before all others hear of it
_DAMPING = 0.01  # of the mean square of what enters, so that rare inputs do not matter too much
_MOST = 127

Kernels = dict[str, npt.NDArray[np.float32]]


def rounded_kernels(model: keras.Model, calibration: Images) -> Kernels:
    """Kernels of the convolutions, each on its int8 steps, by layer; the model stays as it is.

    Each layer is rounded on what the rounded layers before it make of the images.

    Args:
        model: a functional graph.
        calibration: (n, ...) preprocessed images; the first 24 are used.
    """
    graph = calls(model)
    uses = Counter(id(tensor) for call in graph for tensor in call.inputs)
    values: dict[int, Any] = {id(model.inputs[0]): calibration[:_IMAGES]}
    before: Kernels = {}
    found: Kernels = {}
    random = np.random.default_rng(0)
    try:
        for call in graph:
            if not call.inputs:
                continue
            arguments, options = call.arguments.fill_in(values)
            layer = call.operation
            if _can_be_rounded(layer) and layer.name not in found:
                before[layer.name] = np.asarray(layer.kernel)
                found[layer.name] = _rounded(layer, np.asarray(arguments[0]), random)
                layer.kernel.assign(found[layer.name])
            made = layer(*arguments, **options)
            values.update(zip(map(id, call.outputs), _flat(made), strict=True))
            for tensor in call.inputs:  # early tensors are large
                uses[id(tensor)] -= 1
                if not uses[id(tensor)]:
                    values.pop(id(tensor), None)
    finally:
        _assign(model, before)
    return found


@contextmanager
def holding(model: keras.Model, kernels: Kernels) -> Iterator[None]:
    """Let a model hold these kernels for a while."""
    before = {name: np.asarray(model.get_layer(name).kernel) for name in kernels}
    _assign(model, kernels)
    try:
        yield
    finally:
        _assign(model, before)


def _assign(model: keras.Model, kernels: Kernels) -> None:
    for name, kernel in kernels.items():
        model.get_layer(name).kernel.assign(kernel)


def _flat(nested: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(nested))


def _can_be_rounded(layer: Any) -> bool:
    """True of a plain convolution, whose steps the converter sets by output channel."""
    return (
        type(layer).__name__ in ("Conv2D", "DepthwiseConv2D")
        and layer.data_format == "channels_last"
        and getattr(layer, "groups", 1) in (1, None)
        and layer.padding in ("same", "valid")
        and _weights_of_channel(layer) <= _LARGEST
    )


def _is_depthwise(layer: Any) -> bool:
    return type(layer).__name__ == "DepthwiseConv2D"


def _weights_of_channel(layer: Any) -> int:
    height, width, entering, _ = layer.kernel.shape
    return int(height * width * (1 if _is_depthwise(layer) else entering))


def _rounded(layer: Any, inputs: Array, random: np.random.Generator) -> npt.NDArray[np.float32]:
    """A layer's kernel on its steps, in its shape."""
    kernel = np.asarray(layer.kernel, np.float64)
    height, width, entering, leaving = kernel.shape
    patches = _patches(layer, inputs, random)
    if _is_depthwise(layer):  # each channel is a group of its own
        seen = np.ascontiguousarray(patches.transpose(2, 1, 0))
        weights = kernel.reshape(height * width, entering, leaving).transpose(1, 0, 2)
        found = on_steps(weights, seen @ seen.transpose(0, 2, 1)).transpose(1, 0, 2)
    else:
        seen = patches.reshape(len(patches), -1).T[np.newaxis]
        weights = kernel.reshape(1, -1, leaving)
        found = on_steps(weights, seen @ seen.transpose(0, 2, 1))
    return found.reshape(kernel.shape).astype(np.float32)


def _patches(layer: Any, inputs: Array, random: np.random.Generator) -> Array:
    """(n, places of the kernel, channels) what a kernel meets at some places of its inputs."""
    strides, dilation = layer.strides, layer.dilation_rate
    reach = [(k - 1) * d + 1 for k, d in zip(layer.kernel_size, dilation, strict=True)]
    padding, outputs = [(0, 0)], []
    for size, span, stride in zip(inputs.shape[1:3], reach, strides, strict=True):
        is_same = layer.padding == "same"
        outputs.append(-(-size // stride) if is_same else (size - span) // stride + 1)
        over = max((outputs[-1] - 1) * stride + span - size, 0) if is_same else 0
        padding.append((over // 2, over - over // 2))
    padded = np.pad(inputs, [*padding, (0, 0)])
    every = len(inputs) * outputs[0] * outputs[1]
    height, width, entering, _ = layer.kernel.shape
    most = _MOST_VALUES // (height * width * entering)
    wanted = min(every, most, max(_LEAST_PLACES, _PLACES * _weights_of_channel(layer)))
    places = random.choice(every, wanted, replace=False)
    chosen = np.unravel_index(places, (len(inputs), *outputs))
    image, row, column = (axis[:, np.newaxis, np.newaxis] for axis in chosen)
    rows = row * strides[0] + (np.arange(layer.kernel_size[0]) * dilation[0])[:, np.newaxis]
    columns = column * strides[1] + np.arange(layer.kernel_size[1]) * dilation[1]
    found = padded[image, rows, columns]
    return np.asarray(found.reshape(len(found), -1, found.shape[-1]))


def on_steps(weights: Array, moments: Array) -> Array:
    """Weights rounded to whole steps of their channel, so that outputs stay near in least squares.

    The largest weight of a channel keeps its 127 steps, since the converter finds the step by it.

    Args:
        weights: (groups, in, out).
        moments: (groups, in, in) second moments of what enters.
    """
    moments = moments.astype(np.float64)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    steps = np.where(largest > 0, largest, 1.0) / _MOST
    size = weights.shape[1]
    diagonal = np.einsum("gii->gi", moments)
    diagonal += np.maximum(_DAMPING * diagonal.mean(axis=1, keepdims=True), 1e-12)
    order = np.argsort(-diagonal, axis=1)
    moments = np.take_along_axis(moments, order[:, :, np.newaxis], 1)
    moments = np.take_along_axis(moments, order[:, np.newaxis, :], 2)
    asked = np.take_along_axis(weights, order[:, :, np.newaxis], 1)
    kept = np.where(np.abs(asked) >= (_MOST - 1e-6) * steps, np.sign(asked) * _MOST, 0)
    left = asked.copy()
    upper = np.linalg.cholesky(np.linalg.inv(moments)).transpose(0, 2, 1)
    found = np.empty_like(left)
    for start in range(0, size, _COLUMNS):
        end = min(start + _COLUMNS, size)
        errors = np.empty_like(left[:, start:end])
        for i in range(start, end):
            one = left[:, i]
            counts = np.clip(np.round(one / steps[:, 0]), -_MOST, _MOST)
            counts = np.where(kept[:, i] != 0, kept[:, i], counts)
            found[:, i] = counts * steps[:, 0]
            error = (one - found[:, i]) / upper[:, i, i, np.newaxis]
            left[:, i:end] -= upper[:, i, i:end, np.newaxis] * error[:, np.newaxis]
            errors[:, i - start] = error
        left[:, end:] -= upper[:, start:end, end:].transpose(0, 2, 1) @ errors
    back = np.argsort(order, axis=1)
    return np.take_along_axis(found, back[:, :, np.newaxis], 1)
