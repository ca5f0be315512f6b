"""LiteRT: heads of integers or floats, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.base import Runtime, file_of

if TYPE_CHECKING:
    from hosts.models.runtimes.litert.heads import LiteRtHeads


class LiteRt(Runtime):
    """LiteRT's interpreter, with XNNPACK."""

    name = "litert"
    title = "LiteRT"
    heads = True
    libraries = ("ai_edge_litert",)
    packages = ("ai-edge-litert",)

    @classmethod
    def import_libraries(cls) -> None:
        """Import the interpreter and the schema of its files."""
        import ai_edge_litert.interpreter
        import ai_edge_litert.schema_py_generated  # noqa: F401

    @classmethod
    def open_heads(
        cls, manifest: Manifest, paths: Mapping[str, str], threads: int | None
    ) -> LiteRtHeads:
        """The heads, each cut out of the whole network's file when it is first used."""
        from hosts.models.runtimes.litert.heads import LiteRtHeads

        return LiteRtHeads.open(file_of(manifest, paths, "head"), manifest, paths, threads)
