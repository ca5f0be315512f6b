"""ONNX Runtime: heads and tails of ONNX networks, on CPUs and on NVIDIA's GPUs."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING

from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.base import Runtime, file_of

if TYPE_CHECKING:
    from hosts.models.runtimes.onnx.heads import OnnxHeads
    from hosts.models.runtimes.onnx.tails import OnnxTails

_OF_GPUS = "onnxruntime-gpu"


class OnnxRuntime(Runtime):
    """ONNX Runtime; one session for each head or tail, cut from the whole graph."""

    name = "onnx"
    title = "ONNX Runtime"
    heads = True
    tails = True
    graphs = ("onnx",)
    libraries = ("onnxruntime", "onnx")
    packages = ("onnxruntime", _OF_GPUS)

    @classmethod
    def computes_on_gpu(cls) -> bool:
        """True if the build for GPUs is installed."""
        if not cls.is_here():
            return False
        try:
            metadata.distribution(_OF_GPUS)
        except metadata.PackageNotFoundError:
            return False
        return True

    @classmethod
    def import_libraries(cls) -> None:
        """Import both libraries; of the build for GPUs, CUDA's too, where they are packages."""
        import onnxruntime

        from hosts.models.onnx_graphs.files import import_onnx

        import_onnx()
        if cls.computes_on_gpu() and importlib.util.find_spec("nvidia") is not None:
            onnxruntime.preload_dlls()

    @classmethod
    def gpus(cls) -> int:
        """How many GPUs it really computes on: a graph of one operator is opened on each."""
        from hosts.models.onnx_graphs.sessions import gpu_count

        cls.import_libraries()
        return gpu_count()

    @classmethod
    def open_heads(
        cls, manifest: Manifest, paths: Mapping[str, str], threads: int | None
    ) -> OnnxHeads:
        """The heads, each cut out of the whole graph when it is first used; on the CPU."""
        from hosts.models.onnx_graphs.cutting import Graph
        from hosts.models.runtimes.onnx.heads import OnnxHeads

        files = (file_of(manifest, paths, name) for name in ("head", "head_weights"))
        return OnnxHeads(Graph.open(*files), manifest, threads)

    @classmethod
    def open_tails(cls, manifest: Manifest, paths: Mapping[str, str], *, tf32: bool) -> OnnxTails:
        """The tails, which share one set of weights, mapped from their file."""
        from hosts.models.onnx_graphs.cutting import Graph
        from hosts.models.runtimes.onnx.tails import OnnxTails

        files = (file_of(manifest, paths, name) for name in ("tail", "tail_weights"))
        return OnnxTails(Graph.open(*files), manifest, tf32=tf32)
