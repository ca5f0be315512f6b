"""Heads on ONNX Runtime; each is cut out of the whole graph when it is first used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.sessions import How, opened
from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.onnx.parts import Part, Resident, weights_mb

RESIDENT_MB = 400.0
"""Memory that heads keep at most: each its weights, laid out for this CPU, and what it computes."""
_PACKED = 2.0


class OnnxHeads:
    """All heads of one network; those used last stay open within a bound of memory.

    Attributes:
        threads: that compute a head; may be changed at any time. None: one for each CPU that
            this program may use.
        load_ms: what opening the head took that was run last; None: it was open.
    """

    load_ms: float | None = None

    def __init__(self, graph: Graph, manifest: Manifest, threads: int | None = None) -> None:
        self._graph = graph
        self._points = manifest.split_points
        self._last = manifest.last_split_point
        self.threads = threads
        self.resident = Resident(RESIDENT_MB)

    def run_batch(self, split_point: int, images: npt.NDArray[np.float32]) -> Tensor:
        """Run a head on preprocessed images; see `hosts.models.runtimes.base.Heads`."""
        if not 0 <= split_point <= self._last:
            raise ModelError(f"split point {split_point} asked; allowed: 0..{self._last}")
        if images.shape[1:] != self._points[0].shape:
            raise ModelError(
                f"images of shape {self._points[0].shape} expected, found {images.shape[1:]}"
            )
        if split_point == 0:
            self.load_ms = None
            return Tensor(images)
        name = self._points[split_point].name
        part = self.resident.get((split_point, self.threads), lambda: self._open(name))
        self.load_ms = self.resident.opened_ms
        made = part.run(np.ascontiguousarray(images))
        if split_point == self._last:
            return Tensor(made.reshape(len(made), -1))
        return Tensor(made, *(self._graph.quantisation(name) or ()))

    def _open(self, name: str) -> Part:
        cut = self._graph.head(name)
        session = opened(cut, self._graph.folder, How(self.threads))
        return Part(session, _PACKED * weights_mb(cut))
