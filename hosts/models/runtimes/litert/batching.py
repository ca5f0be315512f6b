"""Enables batches for a head that was converted for single images."""

from __future__ import annotations

from typing import Any

import numpy as np

from hosts.models.runtimes.litert import flatbuffer


def free_batch(content: bytes) -> bytes:
    """The same head, but for the first dimension of what it reshapes to, which follows its input.

    Converted for one image, a network flattens to the constant shape (1, n); here to (-1, n).
    All other operators take their shapes from their inputs.

    Args:
        content: of a LiteRT file with one subgraph.

    Returns:
        A LiteRT file's content; the same bytes where nothing is reshaped.
    """
    model = flatbuffer.parse(content)
    graph = model.subgraphs[0]
    reshapes = [operator for operator in graph.operators if _is_reshape(model, operator)]
    if not reshapes:
        return content
    for operator in reshapes:
        _free(model, graph, operator)
    return flatbuffer.write(model)


def _is_reshape(model: Any, operator: Any) -> bool:
    from ai_edge_litert import schema_py_generated as schema

    code = model.operatorCodes[operator.opcodeIndex]
    kind = max(code.builtinCode, code.deprecatedBuiltinCode)
    return bool(kind == schema.BuiltinOperator.RESHAPE)


def _free(model: Any, graph: Any, operator: Any) -> None:
    """Give a reshape operator a shape of its own whose first dimension is free."""
    from ai_edge_litert import schema_py_generated as schema

    target = graph.tensors[operator.outputs[0]]
    if len(target.shape) == 0 or target.shape[0] != 1 or len(operator.inputs) < 2:
        return
    shape = np.array([-1, *target.shape[1:]], dtype=np.int32)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(shape.tobytes(), dtype=np.uint8)
    model.buffers.append(buffer)
    tensor = schema.TensorT()
    tensor.name, tensor.shape = b"free_shape", np.array([len(shape)], dtype=np.int32)
    tensor.type, tensor.buffer = schema.TensorType.INT32, len(model.buffers) - 1
    graph.tensors.append(tensor)
    operator.inputs = [operator.inputs[0], len(graph.tensors) - 1]
    if operator.builtinOptions is not None:
        operator.builtinOptions.newShape = shape
