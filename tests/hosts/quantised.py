"""The smallest LiteRT network that has integers in it."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def quantised_input(size: int, scale: float, zero_point: int) -> schema.ModelT:
    """A float32 input (1, size) and the QUANTIZE operator that makes it int8."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
    model.operatorCodes = [code]
    real, steps = schema.TensorT(), schema.TensorT()
    for tensor, name in ((real, "image"), (steps, "quantised")):
        tensor.name, tensor.shape = name, np.array((1, size), np.int32)
    steps.type = schema.TensorType.INT8
    steps.quantization = schema.QuantizationParametersT()
    steps.quantization.scale = np.array([scale], np.float32)
    steps.quantization.zeroPoint = np.array([zero_point], np.int64)
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0], [1]
    graph.tensors, graph.operators, graph.inputs, graph.outputs = (
        [real, steps],
        [operator],
        [0],
        [1],
    )
    return model
