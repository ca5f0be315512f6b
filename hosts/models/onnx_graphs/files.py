"""ONNX files: read with what lies beside them, and refused by name where they cannot be used."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

LARGEST_BYTES = 2**31 - 1
"""Of one message of protobuf."""
_SHARE = 0.5
"""Of this machine's memory, that a network's weights may take."""


def read(path: Path, *, with_weights: bool = False) -> ModelProto:
    """A model as its file has it, its own functions put in where they are called.

    Args:
        path: of the file.
        with_weights: those that lie in other files too.

    Raises:
        ModelError: there is no such file, it is no ONNX model, truncated or too large, or a file
            that it names is not there.
    """
    onnx = import_onnx()
    _check_size(path)
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's, of several kinds
        raise ModelError(
            f"model.path={path} is no ONNX model: it is truncated, damaged, or no .onnx file"
        ) from error
    if not model.ir_version or not model.graph.node:
        raise ModelError(
            f"model.path={path} is no ONNX model: it has no version, or no operator at all"
        )
    files = beside(model, path)
    _check_tensors(model, path)
    _check_memory(model, path, files)
    if with_weights and files:
        onnx.load_external_data_for_model(model, str(path.parent))
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    return cast("ModelProto", model)


def import_onnx() -> Any:
    """The library `onnx` with what is used of it.

    Raises:
        ModelError: it is not installed.
    """
    try:
        import onnx
        import onnx.external_data_helper
        import onnx.inliner
        import onnx.utils
    except ImportError as error:
        raise ModelError(
            "networks of ONNX files need the packages onnx and onnxruntime here: "
            "pip install -r requirements-onnx.txt"
        ) from error
    return onnx


def beside(model: ModelProto, path: Path) -> list[Path]:
    """The files that a model's weights lie in, besides its own.

    Raises:
        ModelError: one is missing, too short, or not in the model's folder.
    """
    found: dict[str, int] = {}
    for tensor in tensors(model):
        if not tensor.external_data:
            continue
        told = {entry.key: entry.value for entry in tensor.external_data}
        location, end = told.get("location", ""), int(told.get("offset") or 0)
        end += int(told.get("length") or byte_size(tensor))
        pure = PurePosixPath(location)
        if not location or pure.is_absolute() or ".." in pure.parts:
            raise ModelError(
                f"{path} keeps the weights {tensor.name!r} in {location!r}; only files in its own "
                "folder are read"
            )
        found[location] = max(found.get(location, 0), end)
    for location, end in found.items():
        _check_beside(path, path.parent / location, end)
    return [path.parent / location for location in sorted(found)]


def _check_beside(path: Path, file: Path, end: int) -> None:
    if not file.is_file():
        raise ModelError(
            f"{path} keeps weights in {file.name}, which is not there: copy it to {file.parent}"
        )
    if file.stat().st_size < end:
        raise ModelError(
            f"{file} has {file.stat().st_size} bytes; {path.name} expects {end} at least: it is "
            "truncated, or another network's"
        )


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """All constant tensors of a graph: its weights, and those that nodes hold."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t


def byte_size(tensor: TensorProto) -> int:
    """The bytes that a tensor's values take, by its shape and type; 0 of strings and halves."""
    onnx = import_onnx()
    try:
        item = int(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    except (KeyError, TypeError, ValueError):
        return 0
    return int(math.prod(tensor.dims)) * item


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise ModelError(f"model.path={path}: there is no such file")
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise ModelError(
            f"model.path={path} has {size / 2**30:.1f} GB; one ONNX file has at most 2: export it "
            "with its weights in a file of their own (external data)"
        )


def _check_tensors(model: ModelProto, path: Path) -> None:
    """Refuse tensors that hold other sizes than they state."""
    for tensor in tensors(model):
        if tensor.external_data or not tensor.HasField("raw_data"):
            continue
        expected = byte_size(tensor)
        if min(tensor.dims, default=0) < 0 or (expected and len(tensor.raw_data) != expected):
            raise ModelError(
                f"{path} is damaged: {tensor.name!r} of shape {tuple(tensor.dims)} holds "
                f"{len(tensor.raw_data)} bytes, {expected} expected"
            )


def _check_memory(model: ModelProto, path: Path, files: list[Path]) -> None:
    import psutil

    size = path.stat().st_size + sum(file.stat().st_size for file in files)
    size = max(size, sum(byte_size(tensor) for tensor in tensors(model)))
    most = _SHARE * psutil.virtual_memory().total
    if size > most:
        raise ModelError(
            f"{path} has weights of {size / 2**30:.1f} GB; this machine has "
            f"{most / _SHARE / 2**30:.1f} GB of memory, half of which may be taken"
        )
