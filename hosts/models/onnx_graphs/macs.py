"""Multiply-accumulates of ONNX operators, from the shapes of their tensors.

As for Keras' graphs only products count: additions, activations and the like are less than 1 % of
a network.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.graph import needed_nodes
from hosts.models.onnx_graphs.sessions import values
from hosts.models.onnx_graphs.splits import OnnxCut

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnx

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]


def mmac_by_cut(
    graph: Graph, cuts: Sequence[OnnxCut], image: npt.NDArray[np.float32]
) -> list[tuple[float, float]]:
    """Million multiply-accumulates of head and tail at each cut, for one image.

    Args:
        graph: the whole network.
        cuts: of it, in order.
        image: (1, ...) any, as the graph takes it: shapes are taken from computing it.

    Returns:
        (head_mmac, tail_mmac) for each of `cuts`.
    """
    nodes = needed_nodes(graph.model.graph)
    shapes = _shapes(graph, [node for node in nodes if node.op_type in _COUNTS], image)
    counts = [_COUNTS[n.op_type](n, shapes) if n.op_type in _COUNTS else 0 for n in nodes]
    before = [0, *itertools.accumulate(counts)]
    heads = [before[cut.nodes_before] for cut in cuts]
    return [(head / 1e6, (before[-1] - head) / 1e6) for head in heads]


def _shapes(
    graph: Graph, nodes: Sequence[onnx.NodeProto], image: npt.NDArray[np.float32]
) -> dict[str, Shape]:
    stored = {t.name: tuple(t.dims) for t in graph.model.graph.initializer}
    named = [name for node in nodes for name in (*node.input, node.output[0]) if name]
    wanted = [name for name in dict.fromkeys(named) if name not in stored]
    made = values(graph.model, graph.folder, {graph.image: image}, wanted)
    return {**stored, **{name: tuple(value.shape) for name, value in made.items()}}


def _attribute(node: onnx.NodeProto, name: str) -> int:
    """An integer attribute; 0 where it is not stated."""
    return next((int(one.i) for one in node.attribute if one.name == name), 0)


def _convolution(node: onnx.NodeProto, shapes: Shapes, kernel: int = 1) -> int:
    """Kernel (channels out, channels in a group, ...)."""
    return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[kernel]][1:])


def _transposed(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Kernel (channels in, channels out in a group, ...): each input value is spread over it."""
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _matrices(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Each value of the output is a sum over the first matrix's columns."""
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


def _gemm(node: onnx.NodeProto, shapes: Shapes) -> int:
    columns = shapes[node.input[0]][0 if _attribute(node, "transA") else 1]
    return math.prod(shapes[node.output[0]]) * columns


def _einsum(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Two operands: the product of all different axes' sizes."""
    equation = next(one.s for one in node.attribute if one.name == "equation").decode()
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if len(terms) != 2:
        return 0
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, node.input, strict=True):
        before, dots, after = term.partition("...")
        hidden = len(shapes[operand]) - len(before) - len(after) if dots else 0
        axes = [*before, *(f"...{i}" for i in reversed(range(hidden))), *after]
        for axis, size in zip(axes, shapes[operand], strict=True):
            sizes[axis] = max(size, sizes.get(axis, 1))
    return math.prod(sizes.values())


def _recurrent(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Weights of input and of state, at each step of the sequence."""
    steps = math.prod(shapes[node.input[0]][:2])
    return steps * sum(math.prod(shapes[name]) for name in node.input[1:3])


def _attention(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Queries by keys, and weights by values: (..., length, width) of each."""
    query, key, value = (shapes[name] for name in node.input[:3])
    rows = math.prod(query[:-1])
    return rows * key[-2] * (query[-1] + value[-1])


_COUNTS: dict[str, Callable[[onnx.NodeProto, Shapes], int]] = {
    "Conv": _convolution,
    "ConvInteger": _convolution,
    "QLinearConv": lambda node, shapes: _convolution(node, shapes, 3),
    "ConvTranspose": _transposed,
    "MatMul": _matrices,
    "MatMulInteger": _matrices,
    "QLinearMatMul": _matrices,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
    "Attention": _attention,
}
