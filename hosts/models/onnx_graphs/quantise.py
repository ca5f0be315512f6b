"""int8 networks by ONNX Runtime's static quantisation, each cut's tensor as integers too."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.files import import_onnx
from hosts.models.onnx_graphs.sessions import short, values

if TYPE_CHECKING:
    from onnx import ModelProto

_RECTIFIERS = ("Relu", "Clip")
"""Put into the integers' range by the quantiser, so that they take the place of their input."""
_ELEMENTWISE = ("Add", "Sub", "Mul", "Div")
_CURVED = ("Softmax", "LayerNormalization", "InstanceNormalization", "Gelu")
_LEAST, _MOST = -128, 127


def quantised(
    graph: Graph, cuts: Sequence[str], images: npt.NDArray[np.float32], path: Path
) -> ModelProto:
    """The network in int8, weights per channel; with its weights.

    Args:
        graph: the whole network in float32.
        cuts: tensors that heads end at, without the input; the last is the network's output.
        images: (n, ...) preprocessed, which set the activations' ranges.
        path: a file that may be written meanwhile.

    Raises:
        ModelError: the quantiser refuses it.
    """
    onnx = import_onnx()
    onnx = import_onnx()
    found = _static(graph, images, path)
    made = {name for node in found.graph.node for name in node.output}
    integers = {n.input[0]: n.output[0] for n in found.graph.node if n.op_type == "QuantizeLinear"}
    left = [name for name in cuts[:-1] if name in made and name not in integers]
    for name, (least, most) in _ranges(graph, left, images).items():
        integers[name] = _quantiser(found, name, least, most)
    rectified = {
        n.input[0]: n.output[0] for n in graph.model.graph.node if n.op_type in _RECTIFIERS
    }
    for name in cuts[:-1]:
        # what is made of it has taken its place; its tail rectifies that again, to no effect
        sent = integers.get(name) or integers.get(rectified.get(name, ""))
        if sent is None:
            raise ModelError(f"the int8 network has no tensor for {name!r}; use float32")
        found.metadata_props.add(key=name, value=sent)
        told = onnx.helper.make_tensor_value_info(sent, onnx.TensorProto.INT8, None)
        found.graph.value_info.append(told)
    return found


def _static(graph: Graph, images: npt.NDArray[np.float32], path: Path) -> ModelProto:
    onnx = import_onnx()
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """One image after the other."""

        def __init__(self) -> None:
            self._images = iter(images)

        def get_next(self) -> dict[str, Any] | None:
            image = next(self._images, None)
            return None if image is None else {graph.image: image[np.newaxis]}

    whole = onnx.ModelProto()
    whole.CopyFrom(graph.model)
    for place, node in enumerate(whole.graph.node):
        node.name = f"{place}_{node.op_type}"  # by which it is excluded; a file may name none
    onnx.load_external_data_for_model(whole, str(graph.folder))
    logging.getLogger().setLevel(logging.ERROR)  # of this process, which does nothing else
    try:
        quantize_static(
            whole,
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_left_in_floats(whole),
        )
    except Exception as error:  # it lets many kinds through
        raise ModelError(
            f"the network cannot be quantised to int8 by ONNX Runtime: {short(error)}; use "
            "model.precision=float32"
        ) from error
    found: ModelProto = onnx.load(path)
    return found


def _left_in_floats(model: ModelProto) -> list[str]:
    """Nodes that int8 would blur for little: hardly any work is in them.

    Scales and shifts by channel, as of a normalisation, whose one range for all is too coarse; and
    a transformer's normalisations, weights of attention and curved activations.
    """
    stored = {tensor.name for tensor in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type in _CURVED
        or (node.op_type in _ELEMENTWISE and not stored.isdisjoint(node.input))
    ]


def _ranges(
    graph: Graph, names: Sequence[str], images: npt.NDArray[np.float32]
) -> dict[str, tuple[float, float]]:
    """The least and the largest value of tensors over all images."""
    found: dict[str, tuple[float, float]] = {}
    for image in images if names else ():
        made = values(graph.model, graph.folder, {graph.image: image[np.newaxis]}, names)
        for name, value in made.items():
            least, most = found.get(name, (0.0, 0.0))
            found[name] = min(least, float(value.min())), max(most, float(value.max()))
    return found


def _quantiser(model: ModelProto, name: str, least: float, most: float) -> str:
    """Make integers of a tensor that the quantiser has left in floats; returns their name."""
    onnx = import_onnx()
    scale = np.float32(max(most - least, 1e-8) / (_MOST - _LEAST))
    zero_point = np.int8(np.clip(round(_LEAST - least / float(scale)), _LEAST, _MOST))
    inputs = [name, f"{name}_sent_scale", f"{name}_sent_zero_point"]
    for one, value in zip(inputs[1:], (scale, zero_point), strict=True):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(value), one))
    made = onnx.helper.make_node("QuantizeLinear", inputs, [f"{name}_sent"])
    model.graph.node.append(made)
    return str(made.output[0])
