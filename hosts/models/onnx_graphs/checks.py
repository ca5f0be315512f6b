"""Whether an ONNX model can be split: one image in, classes out, and operators that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.files import import_onnx, tensors

if TYPE_CHECKING:
    import onnx

OLDEST_OPSET = 13
STANDARD = ("", "ai.onnx")
_CONTROL_FLOW = ("If", "Loop", "Scan", "SequenceMap")
_CHANNELS = (1, 3, 4)

Layout = Literal["NCHW", "NHWC"]


@dataclass(frozen=True)
class Ends:
    """The ends of a graph.

    Attributes:
        image: the input's name. output: the output's.
        layout: of the image. shape: (height, width, channels) of it.
        classes: how many; 0: known when it is computed.
        is_single: the file states a batch of 1.
    """

    image: str
    output: str
    layout: Layout
    shape: tuple[int, int, int]
    classes: int
    is_single: bool


def check(model: onnx.ModelProto, path: Path) -> Ends:
    """The ends of a graph that can be split.

    Raises:
        ModelError: names what stands against it, in one line.
    """
    _check_opsets(model, path)
    _check_operators(model, path)
    return _ends(model, path)


def check_values(model: onnx.ModelProto, path: Path) -> None:
    """Refuse weights that are no numbers; the model has its weights.

    Raises:
        ModelError: names the first of them.
    """
    onnx = import_onnx()
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    for tensor in tensors(model):
        if tensor.data_type not in floats:
            continue
        found = np.isnan(onnx.numpy_helper.to_array(tensor))
        if found.any():
            raise ModelError(
                f"{path} has NaN in {int(found.sum())} of {found.size} values of the weights "
                f"{tensor.name!r}"
            )


def opset_of(model: onnx.ModelProto) -> int:
    """The version of the standard operators that a model uses; 0: none is stated."""
    return max((o.version for o in model.opset_import if o.domain in STANDARD), default=0)


def _check_opsets(model: onnx.ModelProto, path: Path) -> None:
    newest = import_onnx().defs.onnx_opset_version()
    found = opset_of(model)
    if not OLDEST_OPSET <= found <= newest:
        hint = (
            "export it anew, or convert it with onnx.version_converter.convert_version(model, 17)"
            if found < OLDEST_OPSET
            else "export it with an older one, or install a newer onnx"
        )
        raise ModelError(f"{path} uses opset {found}; allowed: {OLDEST_OPSET} to {newest}; {hint}")


def _check_operators(model: onnx.ModelProto, path: Path) -> None:
    onnx = import_onnx()
    version = opset_of(model)
    if model.graph.sparse_initializer:
        raise ModelError(f"{path} has sparse weights; export it with dense ones")
    for node in model.graph.node:
        called = f"{node.op_type} ({node.name or node.output[0]})"
        if node.domain not in STANDARD:
            raise ModelError(
                f"{path} has the operator {called} of the domain {node.domain}; allowed: "
                "those of ONNX itself; export it without the extension that brings this one"
            )
        if node.op_type in _CONTROL_FLOW or any(a.HasField("g") for a in node.attribute):
            raise ModelError(
                f"{path} has control flow: {called}; only graphs without branches and loops can be "
                "split; export it with fixed choices (torch.jit.trace instead of script)"
            )
        try:
            schema = onnx.defs.get_schema(node.op_type, version, "")
        except onnx.defs.SchemaError:
            raise ModelError(
                f"{path} has the operator {called}, which opset {version} of ONNX does not know"
            ) from None
        chance = schema.node_determinism == onnx.defs.OpSchema.NodeDeterminism.NonDeterministic
        if chance and not _is_idle_dropout(node, model):
            raise ModelError(
                f"{path} has the operator {called}, which gives another result at each call"
            )


def _is_idle_dropout(node: onnx.NodeProto, model: onnx.ModelProto) -> bool:
    """True of a dropout that is not told to train, and so lets everything through."""
    if node.op_type != "Dropout":
        return False
    told = node.input[2] if len(node.input) > 2 else ""
    stored = {tensor.name: tensor for tensor in tensors(model)}
    made = {n.output[0]: n.attribute[0].t for n in model.graph.node if n.op_type == "Constant"}
    trains = stored.get(told) or made.get(told)
    return not told or (
        trains is not None and not import_onnx().numpy_helper.to_array(trains).any()
    )


def _ends(model: onnx.ModelProto, path: Path) -> Ends:
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in stored]
    outputs = list(model.graph.output)
    for found, what in ((inputs, "inputs"), (outputs, "outputs")):
        if len(found) != 1:
            names = ", ".join(one.name for one in found) or "none"
            raise ModelError(
                f"{path} has {len(found)} {what} ({names}); only graphs with one input and one "
                "output can be split"
            )
    (image,), (output,) = inputs, outputs
    for one, what in ((image, "takes"), (output, "gives")):
        _check_type(one, what, path)
    sizes = sizes_of(image)
    layout = _layout(sizes, path)
    if sizes[0] not in (None, 1):
        raise ModelError(
            f"{path} takes {sizes[0]} images at once; a batch of any size, or of 1, expected: "
            "export it with a dynamic batch dimension"
        )
    a, b, c = (int(size or 0) for size in sizes[1:])
    shape = (b, c, a) if layout == "NCHW" else (a, b, c)
    classes = _classes(sizes_of(output), path)
    return Ends(image.name, output.name, layout, shape, classes, sizes[0] == 1)


def sizes_of(one: onnx.ValueInfoProto) -> list[int | None]:
    """The stated sizes of a tensor's sides; None: not fixed. Empty: nothing is stated."""
    sides = one.type.tensor_type.shape.dim
    return [side.dim_value if side.HasField("dim_value") else None for side in sides]


def _check_type(one: onnx.ValueInfoProto, what: str, path: Path) -> None:
    onnx = import_onnx()
    kind = one.type.tensor_type.elem_type
    if kind != onnx.TensorProto.FLOAT:
        name = onnx.TensorProto.DataType.Name(kind).lower()
        raise ModelError(
            f"{path} {what} values of type {name} ({one.name}); float32 expected: export it in "
            "float32, with the classes' values as its output"
        )


def _layout(sizes: Sequence[int | None], path: Path) -> Layout:
    """Channels first, as PyTorch has them, or last; where both could be, first."""
    told = " x ".join("?" if size is None else str(size) for size in sizes) or "unknown"
    if len(sizes) != 4 or None in sizes[1:]:
        raise ModelError(
            f"{path} takes inputs of shape {told}; images of a fixed size expected, (batch, "
            "channels, height, width) or (batch, height, width, channels)"
        )
    if sizes[1] in _CHANNELS:
        return "NCHW"
    if sizes[3] in _CHANNELS:
        return "NHWC"
    raise ModelError(
        f"{path} takes inputs of shape {told}; images of 1, 3 or 4 channels expected, first or last"
    )


def _classes(sizes: Sequence[int | None], path: Path) -> int:
    """The number of classes that the file states; 0: it does not."""
    if not sizes or None in sizes[1:]:
        return 0
    check_classes(tuple(int(size or 0) for size in sizes[1:]), path)
    return int(np.prod([size or 0 for size in sizes[1:]]))


def check_classes(shape: tuple[int, ...], path: Path) -> None:
    """Refuse outputs, of this shape for one image, that are no values of two or more classes.

    Raises:
        ModelError: says the shape.
    """
    if sum(size != 1 for size in shape) != 1:
        hint = "; give a sigmoid's single value two classes" if set(shape) == {1} else ""
        raise ModelError(
            f"{path} has an output of shape {shape}; a value for each of two or more classes "
            f"expected{hint}"
        )
