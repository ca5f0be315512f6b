"""Matches tensors of a whole network's LiteRT file to cuts of its graph.

Names do not survive the converter, so both are run on one image and compared. What the converter
fused away (a convolution before its batch normalisation) has no tensor.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.keras_graphs.graph import Call, CutPoint, calls
from hosts.models.networks.base import Images
from hosts.models.prepare.litert import recurrent_kinds
from hosts.models.runtimes.litert import flatbuffer

if TYPE_CHECKING:
    import keras

_WORST_ERROR = {"int8": 0.8, "float16": 0.1, "float32": 1e-3}
"""int8: rounding adds up to half of the spread in deep layers; unrelated tensors: 1.4."""
_ALIKE = 1e-6  # of the spread: two tensors of the graph that are one in the file


def cut_tensors(
    model: keras.Model, cuts: list[CutPoint], path: Path, images: Images, precision: str = "int8"
) -> dict[int, int]:
    """Map the cuts to tensors of the LiteRT file.

    A tensor of the file is a cut's if it is the closest to the cut, and the cut the closest to
    it of all tensors of the graph. A cut without one may take the next tensor, where that is
    made of the cut alone and making it again changes nothing (ReLU): its tail gives the same.

    Args:
        model: the Keras graph.
        cuts: its split points.
        path: its LiteRT file.
        images: (n, ...) preprocessed; one suffices, but where tensors may be alike on it by chance
            (the steps of a recurrent layer).
        precision: of the file.

    Returns:
        Split point to tensor index, without the input, and without cuts that have no tensor.

    Raises:
        ModelError: the file is not this network's.
    """
    graph = calls(model)
    values = _values(model, graph, images)
    try:
        candidates = _activations(path, images)
    except (ValueError, RuntimeError) as error:  # the interpreter's: a loop's tensors are not kept
        kinds = ", ".join(recurrent_kinds(model)) or "some"
        raise ModelError(
            f"the tensors of {model.name} cannot be read in its {precision} file, so that it "
            f"cannot be split: its {kinds} layers become loops there ({error})"
        ) from error
    found, least = _closest(cuts, values, candidates, _WORST_ERROR[precision])
    if len(cuts) > 2 and least > _WORST_ERROR[precision] / 4:  # early tensors are near
        raise ModelError(f"none of {model.name}'s split points has a counterpart in {path}")
    found[cuts[-1].index] = candidates[-1][0]  # int8 may flip a softmax: no comparison
    by_input = {id(c.inputs[0]): c for c in graph if len(c.inputs) == len(c.outputs) == 1}
    for cut, after in reversed(list(pairwise(cuts[1:]))):
        call = by_input.get(id(cut.tensor))
        if cut.index in found or after.index not in found or call is None:
            continue
        if call.outputs[0] is after.tensor and _is_settled(call, values[id(after.tensor)]):
            found[cut.index] = found[after.index]
    return found


def _values(model: keras.Model, graph: list[Call], images: Images) -> dict[int, Any]:
    """Every tensor of the graph on the images, by id."""
    import keras

    tensors = [t for call in graph[1:] for t in call.outputs]
    made = keras.Model(model.inputs[0], tensors)(images, training=False)
    made = made if len(tensors) > 1 else [made]
    return {id(t): np.asarray(v) for t, v in zip(tensors, made, strict=True)}


def _closest(
    cuts: list[CutPoint], values: dict[int, Any], candidates: list[tuple[int, Any]], worst: float
) -> tuple[dict[int, int], float]:
    """The tensor of each cut that has one, and the least error of all."""
    found: dict[int, int] = {}
    start, least = 0, np.inf
    for cut in cuts[1:]:
        expected = values[id(cut.tensor)]
        errors = [
            (_error(expected, made), place)
            for place, (_, made) in enumerate(candidates[start:], start)
            if made.shape == expected.shape
        ]
        error, place = min(errors, default=(np.inf, start))
        if error > worst or not _is_mutual(expected, candidates[place][1], values, error):
            continue
        found[cut.index] = candidates[place][0]
        start, least = place, min(least, error)
    return found, least


def _is_mutual(expected: Any, made: Any, values: dict[int, Any], error: float) -> bool:
    """True if no other tensor of the graph is closer; one with the same values is no other."""
    for other in values.values():
        if other is expected or other.shape != made.shape or _error(other, made) >= error:
            continue
        if _error(other, expected) > _ALIKE:
            return False
    return True


def _is_settled(call: Call, made: Any) -> bool:
    """True if an operation leaves alone what it has made itself."""
    if call.inputs[0].shape != call.outputs[0].shape:
        return False
    arguments, options = call.arguments.fill_in({id(call.inputs[0]): made})
    return np.array_equal(np.asarray(call.operation(*arguments, **options)), made)


def _activations(path: Path, images: Images) -> list[tuple[int, Any]]:
    """Every operator's output on the images, in order: (tensor's index, real values)."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter: Any = Interpreter(
        str(path),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]["index"]
    graph = flatbuffer.read(path).subgraphs[0]
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    made = [int(t) for operator in graph.operators for t in operator.outputs]
    found: list[list[Any]] = [[] for _ in made]
    for place in range(len(images)):
        interpreter.set_tensor(entry, images[place : place + 1])
        interpreter.invoke()
        for values, tensor in zip(found, made, strict=True):
            values.append(_real(interpreter.get_tensor(tensor), details[tensor]))
    joined = [v[0] if len(v) == 1 or not v[0].ndim else np.concatenate(v) for v in found]
    return list(zip(made, joined, strict=True))


def _real(values: Any, detail: Any) -> Any:
    scale, zero_point = detail["quantization"]
    return (values.astype(np.float32) - zero_point) * scale if scale else values


def _error(expected: Any, found: Any) -> float:
    """Mean absolute difference, relative to the spread of what is expected."""
    spread = float(np.abs(expected - expected.mean()).mean()) or 1.0
    return float(np.abs(expected - found).mean()) / spread
