"""Multiply-accumulates of a Keras graph on either side of its cuts, from shapes alone.

One multiply-accumulate is one multiplication and one addition: half of what TensorFlow's profiler
calls floating point operations, and only of products: additions, activations and the like are
less than 1 % of a network.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    import keras

    from hosts.models.keras_graphs.graph import CutPoint

Shape = list[int]


def mmac_by_cut(model: keras.Model, cuts: Sequence[CutPoint]) -> list[tuple[float, float]]:
    """Million multiply-accumulates of head and tail at each cut, for one image.

    Every operation lies between two neighbouring cuts, so each part between two is traced once.

    Args:
        model: the graph.
        cuts: of it, in order, or some of them.

    Returns:
        (head_mmac, tail_mmac) for each of `cuts`.

    Raises:
        ModelError: a tensor's size is not known before it is computed.
    """
    ends = [model.inputs[0], *(cut.tensor for cut in cuts), model.outputs[0]]
    parts = [_between(start, end) for start, end in itertools.pairwise(ends)]
    before = [sum(parts[: place + 1]) for place in range(len(cuts))]
    return [(head / 1e6, (sum(parts) - head) / 1e6) for head in before]


def macs_of(operations: Iterable[Any]) -> int:
    """Multiply-accumulates of TensorFlow operations with known shapes."""
    return sum(_COUNTS[one.type](one) for one in operations if one.type in _COUNTS)


def _called(one: Any) -> int:
    """Of a function's call: Keras compiles some layers (grouped convolutions) apart."""
    return macs_of(one.graph._get_function(one.get_attr("f").name).graph.get_operations())


def _between(start: Any, end: Any) -> int:
    """Of what computes one symbolic tensor from another, for one image."""
    import keras
    import tensorflow as tf

    if start is end:
        return 0
    part = keras.Model(start, end)
    one = tf.TensorSpec((1, *start.shape[1:]), start.dtype)
    traced = tf.function(lambda x: part(x, training=False), autograph=False)
    return macs_of(traced.get_concrete_function(one).graph.get_operations())


def _shape(tensor: Any) -> Shape:
    if not tensor.shape.is_fully_defined():
        raise ModelError(
            f"{tensor.op.name} has the shape {tensor.shape}: its multiply-accumulates are known "
            "only for networks whose tensors have fixed sizes"
        )
    return list(tensor.shape)


def _matrices(one: Any) -> int:
    """Each value of the output is a sum over the first matrix's columns (or rows)."""
    first = _shape(one.inputs[0])
    flag = "transpose_a" if one.type == "MatMul" else "adj_x"
    return math.prod(_shape(one.outputs[0])) * first[-2 if one.get_attr(flag) else -1]


def _convolution(one: Any) -> int:
    """Kernel (..., channels in a group, channels out)."""
    return math.prod(_shape(one.outputs[0])) * math.prod(_shape(one.inputs[1])[:-1])


def _depthwise(one: Any) -> int:
    """Kernel (height, width, channels, multiplier): each channel is on its own."""
    return math.prod(_shape(one.outputs[0])) * math.prod(_shape(one.inputs[1])[:2])


def _transposed(one: Any) -> int:
    """Kernel (..., channels out, channels in): each value of the input is spread over it."""
    return math.prod(_shape(one.inputs[2])) * math.prod(_shape(one.inputs[1])[:-1])


def _einsum(one: Any) -> int:
    """Two operands: the product of all different axes' sizes."""
    if len(one.inputs) != 2:
        return 0
    terms = one.get_attr("equation").decode().replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, one.inputs, strict=True):
        shape = _shape(operand)
        for axis, size in zip(_axes(term, len(shape)), shape, strict=True):
            sizes[axis] = max(size, sizes.get(axis, 1))
    return math.prod(sizes.values())


def _axes(term: str, rank: int) -> list[str]:
    """One name for each axis; those of an ellipsis are counted from its end."""
    before, dots, after = term.partition("...")
    hidden = rank - len(before) - len(after) if dots else 0
    return [*before, *(f"...{i}" for i in reversed(range(hidden))), *after]


_COUNTS: dict[str, Callable[[Any], int]] = {
    "MatMul": _matrices,
    "BatchMatMul": _matrices,
    "BatchMatMulV2": _matrices,
    "Conv2D": _convolution,
    "Conv3D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "Conv2DBackpropInput": _transposed,
    "Conv3DBackpropInputV2": _transposed,
    "Einsum": _einsum,
    "PartitionedCall": _called,
    "StatefulPartitionedCall": _called,
}
