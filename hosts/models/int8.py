"""The whole network as a full-integer LiteRT file: int8 weights per channel, int8 activations.

TensorFlow's converter takes 11 GB for VGG16, nearly all of it for the dense layers. So a network
with large dense layers at its end is converted up to them, and they are appended to the file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.errors import ModelError
from hosts.models import dense, flatbuffer
from hosts.models.graph import CutPoint, cut_points, tail_of
from hosts.models.network import Images, Progress

if TYPE_CHECKING:
    import keras

LARGE_WEIGHTS = 8_000_000
_WORST_ERROR = 0.8  # rounding adds up to half of the spread in deep layers; unrelated tensors: 1.4


def convert_whole(
    model: keras.Model,
    calibration: Images,
    path: Path,
    progress: Progress,
    large_weights: int = LARGE_WEIGHTS,
) -> None:
    """Write the int8 file.

    Args:
        model: a functional graph with one input and one output.
        calibration: (n, ...) preprocessed images that set the activations' ranges.
        path: the file to write.
        progress: is told what is done.
        large_weights: dense layers at the end are appended from the first one with as many on.

    Raises:
        ModelError: the converter left weights out, or the file cannot be made.
    """
    import keras

    progress(f"quantising {model.name} to int8")
    appended = dense.trailing(model, large_weights)
    before = keras.Model(model.inputs[0], appended[0].input) if appended else model
    content = _convert(before, calibration)
    path.write_bytes(content)
    if appended:
        progress(f"quantising the dense layers of {model.name}")
        ranges = dense.activation_ranges(model, appended, calibration)
        whole = flatbuffer.read(path)
        for layer in appended:
            dense.append(whole, layer, ranges[layer.name])
        path.write_bytes(flatbuffer.write(whole))
    _check_size(model, path)


def cut_tensors(model: keras.Model, path: Path, image: Images) -> dict[int, int]:
    """Which tensor of the LiteRT file is which cut of the graph.

    Found by running both on an image and comparing: names do not survive the converter.

    Args:
        model: the Keras graph.
        path: its LiteRT file.
        image: (1, ...) one preprocessed image.

    Returns:
        Split point to tensor index, for 1 up to the last split point.

    Raises:
        ModelError: a cut has no tensor that is close to it.
    """
    import keras

    cuts = cut_points(model)
    floats = keras.Model(model.inputs[0], [cut.tensor for cut in cuts[1:]])(image)
    found: dict[int, int] = {}
    candidates = _activations(path, image)
    start = 0
    for cut, expected in zip(cuts[1:], floats, strict=True):
        errors = [
            (_error(np.asarray(expected), values), place)
            for place, (_, values) in enumerate(candidates[start:], start)
        ]
        error, start = min(errors, default=(np.inf, start))
        if error == np.inf:
            raise ModelError(
                f"no tensor of {path} has the shape {cut.shape} of split point {cut.index}"
            )
        if error > _WORST_ERROR and cut is not cuts[-1]:  # a softmax may well flip
            raise ModelError(
                f"split point {cut.index} ({cut.name}) of {model.name} has no counterpart in "
                f"{path}: the closest tensor is off by {error:.2f} of the values' spread"
            )
        found[cut.index] = candidates[start][0]
    _check_fused(model, cuts, found, floats)
    return found


def _convert(model: keras.Model, calibration: Images) -> bytes:
    import tensorflow as tf

    specification = tf.TensorSpec((1, *calibration.shape[1:]), tf.float32)
    function = tf.function(
        lambda x: model(x, training=False), autograph=False
    ).get_concrete_function(specification)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[np.newaxis]] for image in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content: bytes = converter.convert()
    return content


def _check_fused(
    model: keras.Model, cuts: list[CutPoint], found: dict[int, int], floats: list[Any]
) -> None:
    """A tensor may stand for two cuts only if the earlier one's tail takes it as well.

    A ReLU's may stand for what is before the ReLU; a batch normalisation's may not.
    """
    for k in range(1, len(cuts) - 1):
        if found[k] != found[k + 1]:
            continue
        outputs = np.asarray(tail_of(model, cuts, k)(floats[k]))  # floats[k] is cut k + 1
        if not np.allclose(outputs, np.asarray(floats[-1]), rtol=1e-3, atol=1e-4):
            raise ModelError(
                f"split point {k} ({cuts[k].name}) of {model.name} is fused with {k + 1} "
                f"({cuts[k + 1].name}) by the converter, and cannot be split at in int8"
            )


def _check_size(model: keras.Model, path: Path) -> None:
    """The converter can leave weights out without an error; int8 takes a byte for each."""
    weights = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    if path.stat().st_size < weights:
        raise ModelError(
            f"{path} has {path.stat().st_size} bytes for {weights} weights: some were left out"
        )


def _activations(path: Path, image: Images) -> list[tuple[int, Any]]:
    """Every operator's output, in order: (tensor's index, real values)."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter: Any = Interpreter(
        str(path),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    graph = flatbuffer.read(path).subgraphs[0]
    made = [int(t) for operator in graph.operators for t in operator.outputs]
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    return [(t, _real(interpreter.get_tensor(t), details[t])) for t in made]


def _real(values: Any, detail: Any) -> Any:
    scale, zero_point = detail["quantization"]
    return (values.astype(np.float32) - zero_point) * scale if scale else values


def _error(expected: Any, found: Any) -> float:
    """Mean absolute difference, relative to the spread of what is expected."""
    if expected.shape != found.shape:
        return float("inf")
    spread = float(np.abs(expected - expected.mean()).mean()) or 1.0
    return float(np.abs(expected - found).mean()) / spread
