"""LiteRT files as objects: read without copying weights, written back."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

from hosts.errors import ArtifactError

_IDENTIFIER = b"TFL3"


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
    """The model in a file's content, as `read`."""
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromPackedBuf(content, 0)


def write(model: Any) -> bytes:
    """The file's content."""
    import flatbuffers

    weights = sum(b.data.size for b in model.buffers if b.data is not None)
    builder = flatbuffers.Builder(weights + (1 << 20))  # growing would copy all of it again
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(memoryview(builder.Bytes)[builder.Head() :])
