"""Dense layers appended to a LiteRT file as int8 operators.

Weights are symmetric per output channel (scale = largest magnitude / 127), biases int32 with
scale input scale * weight scale, activations asymmetric over their range in calibration: the
scheme of LiteRT's 8-bit quantisation specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.networks.base import Images

if TYPE_CHECKING:
    import keras

Range = tuple[float, float]
_ACTIVATIONS = ("linear", "relu", "softmax")
_BLOCK = 256  # output channels quantised at once
_MOST = 2.0**30  # of a bias in steps: int32 with room for the sum


def trailing(model: keras.Model, large_weights: int) -> list[Any]:
    """The dense layers at a network's end, from the first large one on; empty if none is."""
    layers: list[Any] = []
    for layer in reversed(model.layers):
        if type(layer).__name__ == "Dense" and layer.activation.__name__ in _ACTIVATIONS:
            layers.insert(0, layer)
        elif type(layer).__name__ != "Dropout":
            break
    large = [
        i for i, layer in enumerate(layers) if int(np.prod(layer.kernel.shape)) >= large_weights
    ]
    return layers[large[0] :] if large else []


def activation_ranges(
    model: keras.Model, layers: list[Any], calibration: Images
) -> dict[str, Range]:
    """Least and greatest output of each dense layer over the images, before any softmax."""
    import keras

    inputs = keras.Model(model.inputs[0], [layer.input for layer in layers])
    ranges: dict[str, Range] = {}
    for i in range(0, len(calibration), 8):
        values = inputs(calibration[i : i + 8])
        for layer, x in zip(layers, values if len(layers) > 1 else [values], strict=True):
            y = np.asarray(x) @ np.asarray(layer.kernel) + _bias(layer).astype(np.float32)
            if layer.activation.__name__ == "relu":
                y = np.maximum(y, 0)
            low, high = ranges.get(layer.name, (0.0, 0.0))
            ranges[layer.name] = (min(low, float(y.min())), max(high, float(y.max())))
    return ranges


def append(model: Any, layer: Any, output: Range) -> None:
    """Append one dense layer to a model whose output is int8, or float behind a DEQUANTIZE.

    Args:
        model: a `ModelT`; changed in place. Its output becomes the layer's, int8.
        layer: the Keras layer.
        output: range of its output, before any softmax.
    """
    graph = model.subgraphs[0]
    _drop_dequantize(model, graph)
    source = int(graph.outputs[0])
    (in_scale,) = (float(s) for s in graph.tensors[source].quantization.scale)
    bias = _bias(layer)
    weights, scales = _quantised(np.asarray(layer.kernel), np.abs(bias) / (in_scale * _MOST))
    biases = np.round(bias / (in_scale * scales.astype(np.float64))).astype(np.int32)
    scale = max(output[1] - output[0], 1e-6) / 255
    zero_point = int(np.clip(round(-128 - output[0] / scale), -128, 127))
    name = layer.name
    result = _add_tensor(model, f"{name}/dense", (1, len(biases)), None, [scale], [zero_point])
    operands = [
        source,
        _add_tensor(model, f"{name}/kernel", weights.shape, weights, scales, [0] * len(scales)),
        _add_tensor(
            model, f"{name}/bias", biases.shape, biases, in_scale * scales, [0] * len(scales)
        ),
    ]
    activation = layer.activation.__name__
    _add_fully_connected(model, operands, result, activation == "relu")
    if activation == "softmax":
        result = _add_softmax(model, result, name, len(biases))
    graph.outputs = [result]


def _bias(layer: Any) -> Any:
    """(out,) float64; zeros where the layer has none."""
    if layer.bias is None:
        return np.zeros(int(layer.kernel.shape[1]))
    return np.asarray(layer.bias, np.float64)


def _quantised(kernel: Any, least: Any) -> tuple[Any, Any]:
    """(out, in) int8 weights and (out,) scales, no scale below `least`; by blocks, for memory."""
    outputs = kernel.shape[1]
    weights = np.empty(kernel.shape[::-1], np.int8)
    scales = np.empty(outputs, np.float32)
    for i in range(0, outputs, _BLOCK):
        block = kernel[:, i : i + _BLOCK].T
        largest = np.maximum(np.abs(block).max(axis=1), 1e-9) / 127
        scales[i : i + _BLOCK] = np.maximum(largest, least[i : i + _BLOCK])
        weights[i : i + _BLOCK] = np.round(block / scales[i : i + _BLOCK, np.newaxis])
    return weights, scales


def _drop_dequantize(model: Any, graph: Any) -> None:
    last = graph.operators[-1]
    if model.operatorCodes[last.opcodeIndex].builtinCode != _schema().BuiltinOperator.DEQUANTIZE:
        return
    graph.operators = graph.operators[:-1]
    graph.outputs = [int(last.inputs[0])]


def _add_fully_connected(model: Any, operands: list[int], result: int, relu: bool) -> None:
    schema = _schema()
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = int(relu)  # NONE = 0, RELU = 1
    kind = schema.BuiltinOperator.FULLY_CONNECTED
    options_type = schema.BuiltinOptions.FullyConnectedOptions
    _add_operator(model, kind, 12, operands, result, options_type, options)


def _add_softmax(model: Any, source: int, name: str, classes: int) -> int:
    """Softmax's int8 output has a fixed scale of 1/256 from -128 on."""
    schema = _schema()
    result = _add_tensor(model, f"{name}/softmax", (1, classes), None, [1 / 256], [-128])
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    kind = schema.BuiltinOperator.SOFTMAX
    _add_operator(model, kind, 2, [source], result, schema.BuiltinOptions.SoftmaxOptions, options)
    return result


def _add_operator(
    model: Any,
    kind: int,
    version: int,
    inputs: list[int],
    output: int,
    options_type: int,
    options: Any,
) -> None:
    schema = _schema()
    operator = schema.OperatorT()
    operator.opcodeIndex = _opcode(model, kind, version)
    operator.inputs, operator.outputs = inputs, [output]
    operator.builtinOptionsType, operator.builtinOptions = options_type, options
    model.subgraphs[0].operators.append(operator)


def _opcode(model: Any, kind: int, version: int) -> int:
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == kind and code.version >= version:
            return index
    code = _schema().OperatorCodeT()
    code.builtinCode, code.version = kind, version
    code.deprecatedBuiltinCode = min(kind, 127)
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _add_tensor(
    model: Any, name: str, shape: tuple[int, ...], values: Any, scales: Any, zero_points: list[int]
) -> int:
    schema = _schema()
    buffer = schema.BufferT()
    if values is not None:
        buffer.data = np.frombuffer(np.ascontiguousarray(values).data, np.uint8)
    model.buffers.append(buffer)
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.hasRank = name, np.array(shape, np.int32), True
    tensor.type = schema.TensorType.INT8
    if values is not None and values.dtype == np.int32:
        tensor.type = schema.TensorType.INT32
    tensor.buffer = len(model.buffers) - 1
    quantization = schema.QuantizationParametersT()
    quantization.scale = np.asarray(scales, np.float32)
    quantization.zeroPoint = np.asarray(zero_points, np.int64)
    quantization.quantizedDimension = 0
    tensor.quantization = quantization
    graph = model.subgraphs[0]
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _schema() -> Any:
    from ai_edge_litert import schema_py_generated

    if not hasattr(schema_py_generated, "ModelT"):
        raise ModelError("this version of ai-edge-litert has no object interface to its schema")
    return schema_py_generated
