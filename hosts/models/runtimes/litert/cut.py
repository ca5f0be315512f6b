"""Cuts a head out of the LiteRT file of the whole network, by its schema. No TensorFlow here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hosts.core.errors import ModelError
from hosts.models.runtimes.litert import flatbuffer


def cut_head(whole: Path, tensor: int) -> bytes:
    """The operators that a tensor needs, with that tensor as the output.

    Args:
        whole: the LiteRT file of the whole network, with one subgraph.
        tensor: the tensor's index in it.

    Returns:
        A LiteRT file's content; its output is bit-identical to the whole's tensor.

    Raises:
        ModelError: there is no such tensor, or nothing computes it.
    """
    model = flatbuffer.read(whole)
    graph = model.subgraphs[0]
    if not 0 <= tensor < len(graph.tensors):
        raise ModelError(f"tensor {tensor} asked of {whole}; it has 0..{len(graph.tensors) - 1}")
    graph.operators = _needed(graph, tensor)
    if not graph.operators:
        raise ModelError(f"tensor {tensor} of {whole} is not computed by any operator")
    graph.outputs = [tensor]
    _drop_unused_tensors(graph)
    _drop_unused_buffers(model, graph)
    model.signatureDefs = None
    model.metadata = None
    model.metadataBuffer = None
    return flatbuffer.write_beside(model)


def _needed(graph: Any, tensor: int) -> list[Any]:
    """The operators upstream of a tensor, in their order."""
    wanted, needed = {tensor}, []
    for operator in reversed(graph.operators):
        if any(int(made) in wanted for made in operator.outputs):
            needed.append(operator)
            wanted |= {int(i) for i in operator.inputs if i >= 0}
    return needed[::-1]


def _drop_unused_tensors(graph: Any) -> None:
    used = {int(i) for i in (*graph.inputs, *graph.outputs)}
    for operator in graph.operators:
        used |= {int(i) for i in (*operator.inputs, *operator.outputs) if i >= 0}
    order = sorted(used)
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    graph.tensors = [graph.tensors[i] for i in order]
    graph.inputs = [place[int(i)] for i in graph.inputs]
    graph.outputs = [place[int(i)] for i in graph.outputs]
    for operator in graph.operators:
        operator.inputs = [place[int(i)] for i in operator.inputs]
        operator.outputs = [place[int(i)] for i in operator.outputs]


def _drop_unused_buffers(model: Any, graph: Any) -> None:
    """Buffer 0 is empty by convention and stays."""
    order = sorted({0} | {tensor.buffer for tensor in graph.tensors})
    place = {old: new for new, old in enumerate(order)}
    model.buffers = [model.buffers[i] for i in order]
    for tensor in graph.tensors:
        tensor.buffer = place[tensor.buffer]
