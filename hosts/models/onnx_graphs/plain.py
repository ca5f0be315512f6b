"""ONNX graphs in the form that this project keeps: a small graph, and its weights in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hosts.models.onnx_graphs.checks import Ends
from hosts.models.onnx_graphs.files import import_onnx

if TYPE_CHECKING:
    import onnx

BATCH = "batch"
_INLINE_BYTES = 1024
"""Tensors up to this size stay in the graph: shapes and the like, read without weights."""
_ALIGNED = 64
_IR_VERSION = 8
"""The first ones want weights among the inputs."""
WEIGHTS = "weights"
"""The name of the file of weights in a graph, until it is opened."""


def plain(model: onnx.ModelProto, ends: Ends) -> onnx.ModelProto:
    """The same network with all constants as initializers, and what no computing needs left out.

    Args:
        model: with its weights; it is changed.
        ends: of the graph.
    """
    graph = model.graph
    _constants_to_initializers(graph)
    stored = {tensor.name for tensor in graph.initializer}
    kept = [one for one in graph.input if one.name not in stored]
    del graph.input[:], graph.value_info[:], graph.quantization_annotation[:]
    graph.input.extend(kept)
    used = {name for node in graph.node for name in node.input}
    needed = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(needed)
    model.ir_version = max(model.ir_version, _IR_VERSION)
    del model.training_info[:], model.metadata_props[:], model.functions[:]
    graph.doc_string = model.doc_string = ""
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    if not ends.is_single:
        for one in (*graph.input, *graph.output):
            sides = one.type.tensor_type.shape.dim
            if sides:
                sides[0].dim_param = BATCH
    return model


def with_shapes(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]], batch: bool) -> None:
    """State the shapes of float tensors, (sides of one image), so that it can be cut there.

    Args:
        model: it is changed.
        shapes: by name, without the batch dimension.
        batch: true if it takes batches of any size, else 1.
    """
    onnx = import_onnx()
    ends = {one.name: one for one in (*model.graph.input, *model.graph.output)}
    for name, shape in shapes.items():
        told = onnx.helper.make_tensor_value_info(
            name, onnx.TensorProto.FLOAT, [BATCH if batch else 1, *shape]
        )
        if name in ends:
            ends[name].CopyFrom(told)
        else:
            model.graph.value_info.append(told)


def write_weights(model: onnx.ModelProto, path: Path) -> None:
    """Write the weights, which leave the model; the same bytes for the same model."""
    with path.open("wb") as file:
        for tensor in model.graph.initializer:
            _move(tensor, file)


def write_graph(model: onnx.ModelProto, path: Path) -> None:
    """Write what is left without the weights; the same bytes for the same model."""
    path.write_bytes(model.SerializeToString(deterministic=True))


def _move(tensor: onnx.TensorProto, file: IO[bytes]) -> None:
    """Move a large tensor's values from the graph to the file."""
    onnx = import_onnx()
    if tensor.data_type == onnx.TensorProto.STRING:
        return
    content = tensor.raw_data or onnx.numpy_helper.to_array(tensor).tobytes()
    if len(content) <= _INLINE_BYTES:
        return
    file.write(bytes(-file.tell() % _ALIGNED))
    offset = file.tell()
    file.write(content)
    name, kind, dims = tensor.name, tensor.data_type, list(tensor.dims)
    tensor.Clear()
    tensor.name, tensor.data_type = name, kind
    tensor.dims.extend(dims)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", len(content))):
        tensor.external_data.add(key=key, value=str(value))


def _constants_to_initializers(graph: onnx.GraphProto) -> None:
    """Nodes that hold a tensor become initializers; other kinds of constants stay as they are."""
    kept = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            tensor = node.attribute[0].t
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
