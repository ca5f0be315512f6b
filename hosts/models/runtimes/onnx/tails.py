"""Tails on ONNX Runtime; all that are open share the weights, which are mapped from their file."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.cutting import SCALE, ZERO_POINT, Graph
from hosts.models.onnx_graphs.sessions import How, opened
from hosts.models.prepared.manifest import Manifest
from hosts.models.prepared.sent_tensors import check_sent
from hosts.models.runtimes.onnx.parts import Part, Resident, weights_mb

RESIDENT_MB = 2000.0
"""Memory that tails keep at most beside the shared weights: those of convolutions are laid out for
this CPU, and a GPU holds each tail's own."""
_LAID_OUT = 0.25
"""Of a tail's weights, about, on a CPU."""


class OnnxTails:
    """All tails of one network, each opened when first used; those used last stay open.

    Attributes:
        device: where the last tail ran, such as `CPU:0`.
        compile_ms: what the last run took if it had to open its tail; None: it had not.
    """

    compile_ms: float | None = None

    def __init__(self, graph: Graph, manifest: Manifest, *, tf32: bool = True) -> None:
        self._graph = graph
        self._points = manifest.split_points
        self._tf32 = tf32
        self.device = ""
        self.resident = Resident(RESIDENT_MB)

    def run_batch(
        self, split_point: int, tensor: Tensor, device: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Run a tail; see `hosts.models.runtimes.base.Tails`."""
        check_sent(split_point, tensor, [point.shape for point in self._points[:-1]])
        began_ns = time.monotonic_ns()
        dtype = tensor.array.dtype.name
        place = device or "CPU:0"
        part = self.resident.get(
            (split_point, place, dtype), lambda: self._open(split_point, place, dtype)
        )
        is_new = tensor.array.shape not in part.met
        others = {
            SCALE: np.float32(tensor.scale or 1.0),
            ZERO_POINT: np.float32(tensor.zero_point or 0),
        }
        given = {} if tensor.scale is None else {k: np.asarray(v) for k, v in others.items()}
        made = part.run(np.ascontiguousarray(tensor.array), **given)
        part.met.add(tensor.array.shape)
        self.device = place
        self.compile_ms = (time.monotonic_ns() - began_ns) / 1e6 if is_new else None
        return made.reshape(len(made), -1).astype(np.float32, copy=False)

    def _open(self, split_point: int, device: str, dtype: str) -> Part:
        cut = self._graph.tail(self._points[split_point].name, dtype)
        gpu = _gpu_of(device)
        how = How(packs=False, gpu=gpu, tf32=self._tf32)
        share = _LAID_OUT if gpu is None else 1.0
        return Part(opened(cut, self._graph.folder, how), share * weights_mb(cut))


def _gpu_of(device: str) -> int | None:
    """The number of a GPU by its device's name; None: it is the CPU.

    Raises:
        ModelError: there is no such device.
    """
    platform, _, number = device.partition(":")
    if device == "CPU:0":
        return None
    if platform != "GPU" or not number.isdigit():
        raise ModelError(f"device {device} asked; allowed: CPU:0, GPU:0 and on")
    return int(number)
