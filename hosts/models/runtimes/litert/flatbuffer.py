"""LiteRT files as objects: read without copying weights, written back."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hosts.core.errors import ArtifactError

_IDENTIFIER = b"TFL3"
_LARGE_BYTES = 1 << 16
_ALIGNED = 64


def read(path: Path) -> Any:
    """The model as a `ModelT`; its buffers are views of the mapped file.

    Raises:
        ArtifactError: it is no LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema

    with path.open("rb") as file:
        if path.stat().st_size < 8:
            raise ArtifactError(f"{path} is empty or truncated; it is no LiteRT file")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if content[4:8] != _IDENTIFIER:
        raise ArtifactError(f"{path} does not begin as a LiteRT file does")
    return schema.ModelT.InitFromPackedBuf(content, 0)


def parse(content: bytes) -> Any:
    """The model in a file's content, as `read`; weights beside the model are put into it."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model: Any) -> bytes:
    """The file's content."""
    return bytes(_packed(model))


def write_beside(model: Any) -> bytes:
    """The file's content with large buffers behind the model: packing copies none of them."""
    large = [b for b in model.buffers if b.data is not None and b.data.size >= _LARGE_BYTES]
    datas = [buffer.data for buffer in large]
    try:
        for buffer in large:  # where it will lie is not known yet, only that it takes a number
            buffer.data, buffer.offset, buffer.size = None, 2, 2
        at = len(_packed(model))
        for buffer, data in zip(large, datas, strict=True):
            at += -at % _ALIGNED
            buffer.offset, buffer.size = at, data.size
            at += data.size
        return _joined(_packed(model), datas)
    finally:
        for buffer, data in zip(large, datas, strict=True):
            buffer.data, buffer.offset, buffer.size = data, 0, 0


def _packed(model: Any) -> memoryview:
    import flatbuffers

    weights = sum(b.data.size for b in model.buffers if b.data is not None)
    builder = flatbuffers.Builder(weights + (1 << 20))  # growing would copy all of it again
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return memoryview(builder.Bytes)[builder.Head() :]


def _joined(packed: memoryview, datas: Sequence[Any]) -> bytes:
    """The packed model and what lies behind it, each aligned."""
    parts: list[Any] = [packed]
    at = len(packed)
    for data in datas:
        parts += [bytes(-at % _ALIGNED), data.data]
        at += -at % _ALIGNED + data.size
    return b"".join(parts)
