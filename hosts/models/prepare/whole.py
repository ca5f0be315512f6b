"""The LiteRT files that heads are cut from: of the whole network, and of single heads.

TensorFlow's converter takes 11 GB for VGG16 in int8, nearly all of it for the dense layers. So a
network with large dense layers at its end is converted up to them, and they are appended to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hosts.models.keras_graphs.graph import CutPoint
from hosts.models.networks.base import Images, Progress
from hosts.models.prepare import dense
from hosts.models.prepare.litert import check_size, convert
from hosts.models.runtimes.litert import flatbuffer

if TYPE_CHECKING:
    import keras

LARGE_WEIGHTS = 8_000_000


def convert_whole(
    model: keras.Model,
    calibration: Images,
    path: Path,
    progress: Progress,
    precision: str = "int8",
    large_weights: int = LARGE_WEIGHTS,
) -> None:
    """Write the whole network's file.

    Args:
        model: a functional graph with one input and one output.
        calibration: (n, ...) preprocessed images that set the activations' ranges.
        path: the file to write.
        progress: is told what is done.
        precision: int8, float32 or float16.
        large_weights: in int8, dense layers at the end are appended from the first one with as
            many on.

    Raises:
        ModelError: the converter left weights out, or the file cannot be made.
    """
    import keras

    progress(f"converting {model.name} to {precision}")
    appended = dense.trailing(model, large_weights) if precision == "int8" else []
    before = keras.Model(model.inputs[0], appended[0].input) if appended else model
    path.write_bytes(convert(before, precision, calibration))
    if appended:
        progress(f"quantising the dense layers of {model.name}")
        ranges = dense.activation_ranges(model, appended, calibration)
        whole = flatbuffer.read(path)
        for layer in appended:
            dense.append(whole, layer, ranges[layer.name])
        path.write_bytes(flatbuffer.write(whole))
    check_size(model, path, precision)


def convert_head(
    model: keras.Model, cut: CutPoint, calibration: Images, path: Path, *, precision: str
) -> None:
    """Write the file of one head, whose cut the whole network's file does not have."""
    import keras

    head = keras.Model(model.inputs[0], cut.tensor, name=f"{model.name}_to_{cut.name}")
    path.write_bytes(convert(head, precision, calibration))


def dtype_of(path: Path, tensor: int) -> str:
    """The type of the elements of a LiteRT file's tensor of this number: `int8`, else `float32`."""
    from ai_edge_litert import schema_py_generated as schema

    kind = flatbuffer.read(path).subgraphs[0].tensors[tensor].type
    return "int8" if kind == schema.TensorType.INT8 else "float32"


def output_tensor(path: Path) -> int:
    """The tensor that a head's file is cut at: its output, before it is made float again."""
    from ai_edge_litert import schema_py_generated as schema

    model = flatbuffer.read(path)
    graph = model.subgraphs[0]
    output = int(graph.outputs[0])
    last = graph.operators[-1]
    kind = model.operatorCodes[last.opcodeIndex].builtinCode
    if kind == schema.BuiltinOperator.DEQUANTIZE and int(last.outputs[0]) == output:
        source = graph.tensors[int(last.inputs[0])]
        return int(last.inputs[0]) if source.type == schema.TensorType.INT8 else output
    return output
