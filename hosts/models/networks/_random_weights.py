"""Seeded random weights that keep activations in scale, images apart, and rounding errors small."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.models.keras_graphs.graph import Call, calls
from hosts.models.networks.base import Images

if TYPE_CHECKING:
    import keras

_LOGIT_SPREAD = 5.0
FLATTER_LOGITS = 1.5
"""For outputs that float32 rounding must hardly move: softmax multiplies it by the spread."""
_STATISTICS_IMAGES = 12
_CLASS_SPREAD = 0.8
_SHIFT = 0.8  # of a channel's mean: all of it makes deep layers chaotic, none of it alike
_BRANCH_GAIN = 0.5  # of what is normalised and then added: the shortcut carries the image
_SHARP = 1.5  # of queries and keys: below 1, attention hardly chooses
_WHITE = 0.3
_BUMP = np.array([[0.5, 0.7, 0.5], [0.7, 1.0, 0.7], [0.5, 0.7, 0.5]], dtype=np.float32)
_KERNELS = ("Dense", "Conv1D", "Conv2D", "DepthwiseConv2D")


def randomise(
    model: keras.Model, seed: int, calibration: Images, logit_spread: float = _LOGIT_SPREAD
) -> None:
    """Draw weights layer by layer, each on what the layers before it make of the images.

    Drawn with the variance of He et al. (arXiv 1502.01852); then each channel is scaled, and
    shifted where there is a bias, over the calibration images (after Mishkin and Matas, arXiv
    1511.06422): without that, all images look alike to deep layers. Batch normalisations get the
    images' statistics. Spatial kernels are mostly smooth, as learned ones are: white ones amplify
    rounding from layer to layer. The last layer's classes differ in scale, so that the highest
    logit stands out, and each has mean 0: predictions depend on the image, not on the draw, and
    are neither flat nor saturated. Other layers keep the values that they were built with.

    Args:
        model: a functional graph; changed in place.
        seed: of the draw.
        calibration: (n, ...) preprocessed images.
        logit_spread: standard deviation of the last layer's outputs before any softmax.
    """
    random = np.random.default_rng(seed)
    graph = calls(model)
    uses = Counter(id(t) for call in graph for t in call.inputs)
    added = {id(t) for call in graph if _kind(call) == "Add" for t in call.inputs}
    last = [call for call in graph if _has_kernel(call)][-1:]
    values: dict[int, Any] = {id(model.inputs[0]): calibration[:_STATISTICS_IMAGES]}
    drawn: set[int] = set()
    for call in graph:
        if not call.inputs:
            continue
        arguments, options = call.arguments.fill_in(values)
        if id(call.operation) not in drawn:
            drawn.add(id(call.operation))
            gain = _BRANCH_GAIN if id(call.outputs[0]) in added else 1.0
            spread = logit_spread if call in last else None
            _draw(call, random, arguments[0] if arguments else None, gain, spread)
        made = call.operation(*arguments, **options)
        values.update(zip(map(id, call.outputs), _flat(made), strict=True))
        for tensor in call.inputs:  # early tensors are large
            uses[id(tensor)] -= 1
            if not uses[id(tensor)]:
                values.pop(id(tensor), None)


def _kind(call: Call) -> str:
    return type(call.operation).__name__


def _has_kernel(call: Call) -> bool:
    return _kind(call) in _KERNELS


def _flat(nested: Any) -> list[Any]:
    import keras

    return list(keras.tree.flatten(nested))


def _draw(
    call: Call, random: np.random.Generator, inputs: Any, gain: float, spread: float | None
) -> None:
    if _has_kernel(call):
        _draw_kernel(call.operation, random, inputs, spread)
    elif _kind(call) == "BatchNormalization":
        _normalise(call.operation, np.asarray(inputs), gain)
    elif _kind(call) == "MultiHeadAttention":
        _draw_attention(call.operation, random)


def _draw_kernel(
    layer: Any, random: np.random.Generator, inputs: Any, spread: float | None
) -> None:
    """Draw one layer, and set mean and spread of what it gives before its activation."""
    import keras

    last = spread is not None
    kernel = _kernel(random, layer.kernel.shape)
    if last:
        scales = np.exp(_CLASS_SPREAD * random.standard_normal(kernel.shape[-1]))
        kernel *= scales.astype(np.float32)
    biased = layer.bias is not None
    zeros = [np.zeros(layer.bias.shape, np.float32)] if biased else []
    layer.set_weights([kernel, *zeros])
    activation, layer.activation = layer.activation, keras.activations.linear
    before = np.asarray(layer(inputs))
    layer.activation = activation
    over = tuple(range(before.ndim - 1))
    share = (1.0 if last else _SHIFT) if biased else 0.0
    shift = share * before.mean(axis=over)
    if spread is not None:
        scale = np.full(shift.shape, spread / (before - shift).std())
    else:
        variance = 1.0 if activation is keras.activations.linear else 2.0
        scale = np.sqrt(variance / np.maximum(((before - shift) ** 2).mean(axis=over), 1e-12))
    by_channel = scale.reshape(kernel.shape[-2:]) if "Depthwise" in type(layer).__name__ else scale
    layer.set_weights([kernel * by_channel, *([-shift * scale] if biased else [])])


def _normalise(layer: Any, inputs: Any, gain: float) -> None:
    """Give a batch normalisation the images' statistics."""
    axis = layer.axis % inputs.ndim
    over = tuple(i for i in range(inputs.ndim) if i != axis)
    mean = _SHIFT * inputs.mean(axis=over)
    shape = [-1 if i == axis else 1 for i in range(inputs.ndim)]
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(((inputs - mean.reshape(shape)) ** 2).mean(axis=over))
    if layer.gamma is not None:
        layer.gamma.assign(np.full(layer.gamma.shape, gain, np.float32))
    if layer.beta is not None:
        layer.beta.assign(np.zeros(layer.beta.shape, np.float32))


def _draw_attention(layer: Any, random: np.random.Generator) -> None:
    """Keras' own values for kernels (in, heads, size) are ten times too small."""
    for weight in layer.weights:
        *_, part, kind = weight.path.split("/")
        if kind != "kernel":
            weight.assign(np.zeros(weight.shape, np.float32))
            continue
        is_output = part == "attention_output"
        fan_in = int(np.prod(weight.shape[:-1])) if is_output else int(weight.shape[0])
        gain = _SHARP if part in ("query", "key") else 1.0
        drawn = random.standard_normal(weight.shape, dtype=np.float32)
        weight.assign(gain * drawn / np.float32(np.sqrt(fan_in)))


def _kernel(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """(..., in, out) float32; with spatial dimensions of 3, mostly a smooth bump."""
    fan_in = int(np.prod(shape[:-1]))
    kernel = random.standard_normal(shape, dtype=np.float32)
    if shape[:-2] == (3, 3):
        mixed = random.standard_normal(shape[2:], dtype=np.float32)
        kernel = _WHITE * kernel + _BUMP[:, :, np.newaxis, np.newaxis] * mixed
    kernel *= np.float32(np.sqrt(2.0 / fan_in))
    return kernel
