"""Heads on the edge: LiteRT, without TensorFlow. Each is cut out of the whole when first used."""

from __future__ import annotations

import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.core.errors import ModelError
from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.litert.batching import free_batch
from hosts.models.runtimes.litert.cut import cut_head

RESIDENT_MB = 400.0
"""Memory that heads keep at most: each its file and, packed for this CPU, about as much again."""

_PACKED = 2.0


class LiteRtHeads:
    """All heads of one network; those used last stay resident within a bound of memory.

    Attributes:
        resident_mb: the bound; the head in use stays, however large.
        threads: that compute a head; may be changed at any time. None: as many as LiteRT takes.
        load_ms: what opening the head took that was run last; None: it was open.
    """

    load_ms: float | None = None

    def __init__(
        self,
        places: Mapping[int, tuple[Path, int]],
        last_split_point: int,
        threads: int | None = None,
    ) -> None:
        self._places = places
        self._last = last_split_point
        self.threads = threads
        self._resident: OrderedDict[int, _Head] = OrderedDict()
        self.resident_mb = RESIDENT_MB

    @classmethod
    def open(
        cls,
        whole: Path,
        manifest: Manifest,
        paths: Mapping[str, str] | None = None,
        threads: int | None = None,
    ) -> LiteRtHeads:
        """The heads of a prepared network.

        Args:
            whole: the LiteRT file of the whole network.
            manifest: of the network.
            paths: where this host has the files, by name; None: where they were made.
            threads: that compute a head; None: as many as LiteRT takes by itself.
        """
        found = {name: artifact.path for name, artifact in manifest.artifacts.items()}
        found = {**found, **(paths or {}), "head": str(whole)}
        places = {
            p.index: (Path(found[p.artifact]), p.tensor)
            for p in manifest.split_points
            if p.artifact is not None and p.tensor is not None
        }
        return cls(places, manifest.last_split_point, threads)

    def run(self, split_point: int, image: npt.NDArray[np.float32]) -> Tensor:
        """Run a head on one preprocessed image, without a batch dimension.

        At split point 0 the image itself is the tensor.

        Raises:
            ModelError: no such split point, or the image has another shape.
        """
        found = self.run_batch(split_point, image[np.newaxis])
        return found._replace(array=found.array.copy())

    def run_batch(self, split_point: int, images: npt.NDArray[np.float32]) -> Tensor:
        """Run a head on preprocessed images (batch, ...), all at once.

        Returns:
            A view of the head's own output, not a copy: let go of it before the next run.

        Raises:
            ModelError: no such split point, the images have another shape, or the head cannot
                take so many at once.
        """
        if split_point == 0:
            self.load_ms = None
            return Tensor(images)
        return self._head(split_point).run(images)

    def _head(self, split_point: int) -> _Head:
        if split_point not in self._places:
            raise ModelError(f"split point {split_point} asked; allowed: 0..{self._last}")
        kept, self.load_ms = self._resident.get(split_point), None
        if kept is None or kept.threads != self.threads:
            began_ns = time.monotonic_ns()
            self._resident.pop(split_point, None)
            content = cut_head(*self._places[split_point])
            self._make_room(_PACKED * len(content) / 2**20)
            self._resident[split_point] = _Head(content, self.threads)
            self.load_ms = (time.monotonic_ns() - began_ns) / 1e6
        self._resident.move_to_end(split_point)
        return self._resident[split_point]

    def _make_room(self, needed_mb: float) -> None:
        while self._resident and (
            sum(h.size_mb for h in self._resident.values()) + needed_mb > self.resident_mb
        ):
            self._resident.popitem(last=False)


def _file_of(content: bytes) -> IO[bytes]:
    """An open file of that content, in memory where the system can; it goes when it is closed.

    The interpreter maps a file, but copies bytes that it is given.
    """
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("head"), "w+b")
    else:
        file = tempfile.NamedTemporaryFile(suffix=".tflite")  # noqa: SIM115
    file.write(content)
    file.flush()
    return file


class _Head:
    """One interpreter."""

    def __init__(self, content: bytes, threads: int | None) -> None:
        self.size_mb = _PACKED * len(content) / 2**20
        self.threads = threads
        self._takes_batches = False
        self._open(content)

    def _open(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._file = _file_of(content)
        name, number = str(self._file.name), self._file.fileno()
        path = name if Path(name).is_absolute() else f"/proc/self/fd/{number}"
        self._interpreter: Any = Interpreter(model_path=path, num_threads=self.threads)
        self._interpreter.allocate_tensors()
        self._batch = 1
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def run(self, images: npt.NDArray[np.float32]) -> Tensor:
        """Run on a batch; the output is a view, valid until the next run."""
        shape = tuple(int(size) for size in self._input["shape"][1:])
        if images.shape[1:] != shape:
            raise ModelError(f"images of shape {shape} expected, found {images.shape[1:]}")
        self._resize(len(images))
        np.copyto(self._interpreter.tensor(self._input["index"])(), self._quantised(images))
        self._interpreter.invoke()
        array = self._interpreter.tensor(self._output["index"])()
        if len(array) != len(images):
            raise ModelError(
                f"the head gives {len(array)} outputs for a batch of {len(images)}: it was "
                "converted for single images; use batch_size=1"
            )
        scale, zero_point = self._output["quantization"]
        if array.dtype == np.float32:
            return Tensor(array)
        return Tensor(array, float(scale), int(zero_point))

    def _resize(self, batch: int) -> None:
        """Take another number of images at once from now on."""
        if batch == self._batch:
            return
        if not self._takes_batches:
            self._file.seek(0)
            self._open(free_batch(self._file.read()))
            self._takes_batches = True
        try:
            shape = [batch, *(int(size) for size in self._input["shape"][1:])]
            self._interpreter.resize_tensor_input(self._input["index"], shape)
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            self._batch = 0  # to be resized, whatever is asked next
            raise ModelError(f"the head cannot take a batch of {batch}: {error}") from error
        self._batch = batch

    def _quantised(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.generic]:
        if self._input["dtype"] == np.float32:
            return images
        scale, zero_point = self._input["quantization"]
        steps = np.clip(np.round(images / scale) + zero_point, -128, 127)
        return np.asarray(steps, dtype=np.int8)
