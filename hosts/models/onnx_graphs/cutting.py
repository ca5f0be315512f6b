"""Heads and tails of a prepared ONNX graph, by the extraction of `onnx` itself; no weights read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hosts.core.errors import ArtifactError, ModelError
from hosts.models.onnx_graphs.files import import_onnx

if TYPE_CHECKING:
    import onnx

SENT, SCALE, ZERO_POINT = "sent_tensor", "sent_scale", "sent_zero_point"
"""The inputs of a tail that takes integers, or halves."""


class Graph:
    """A prepared network's graph, whose weights stay in their file.

    Attributes:
        folder: where the file of weights is.
        image: the input's name. output: the output's.
    """

    def __init__(self, model: onnx.ModelProto, weights: Path) -> None:
        onnx = import_onnx()
        self.model = model
        self.folder = weights.parent
        for tensor in model.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == "location":
                    entry.value = weights.name
        self.image: str = model.graph.input[0].name
        self.output: str = model.graph.output[0].name
        self._extractor = onnx.utils.Extractor(model)
        self._sent: dict[str, str] = {entry.key: entry.value for entry in model.metadata_props}

    @classmethod
    def open(cls, path: Path, weights: Path) -> Graph:
        """Read a graph.

        Raises:
            ArtifactError: it cannot be read.
        """
        onnx = import_onnx()
        try:
            return cls(onnx.load(path, load_external_data=False), weights)
        except Exception as error:  # protobuf's, of several kinds
            raise ArtifactError(f"{path} cannot be read as a graph: {error}") from error

    def head(self, name: str) -> onnx.ModelProto:
        """What makes the tensor of a name of the image; integers where it has been quantised."""
        return self._part(self.image, self.sent_name(name))

    def sent_name(self, name: str) -> str:
        """The tensor that is sent for one of a name: its integers, where there are any."""
        return self._sent.get(name, name)

    def quantisation(self, name: str) -> tuple[float, int] | None:
        """Scale and zero point of what is sent for a tensor; None: it is sent as floats."""
        onnx = import_onnx()
        if name not in self._sent:
            return None
        (node,) = (n for n in self.model.graph.node if self._sent[name] in n.output)
        stored = {t.name: t for t in self.model.graph.initializer}
        scale, zero_point = (onnx.numpy_helper.to_array(stored[one]) for one in node.input[1:3])
        return float(scale), int(zero_point)

    def tail(self, name: str, dtype: str = "float32") -> onnx.ModelProto:
        """What makes the classes of the tensor of a name, sent as a type."""
        part = self._part(name, self.output)
        return part if dtype == "float32" else _taking(part, dtype)

    def _part(self, start: str, end: str) -> onnx.ModelProto:
        try:
            found: onnx.ModelProto = self._extractor.extract_model([start], [end])
        except ValueError as error:
            raise ModelError(
                f"the graph cannot be cut from {start!r} to {end!r}: {error}"
            ) from error
        return found


def _taking(part: onnx.ModelProto, dtype: str) -> onnx.ModelProto:
    """A tail that takes another type: its real values are made where it is computed."""
    onnx = import_onnx()
    graph = part.graph
    name, kind = graph.input[0].name, onnx.helper.np_dtype_to_tensor_dtype
    sent = onnx.ValueInfoProto()
    sent.CopyFrom(graph.input[0])
    sent.name, sent.type.tensor_type.elem_type = SENT, kind(_dtype(dtype))
    is_float = dtype.startswith("float")
    cast = name if is_float else f"{SENT}_as_float"
    nodes: list[Any] = [onnx.helper.make_node("Cast", [SENT], [cast], to=onnx.TensorProto.FLOAT)]
    inputs = [sent]
    if not is_float:
        moved = f"{SENT}_from_zero"
        nodes += [
            onnx.helper.make_node("Sub", [cast, ZERO_POINT], [moved]),
            onnx.helper.make_node("Mul", [moved, SCALE], [name]),
        ]
        inputs += [
            onnx.helper.make_tensor_value_info(one, onnx.TensorProto.FLOAT, [])
            for one in (SCALE, ZERO_POINT)
        ]
    nodes += graph.node
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)
    return part


def _dtype(name: str) -> Any:
    import numpy as np

    return np.dtype(name)
