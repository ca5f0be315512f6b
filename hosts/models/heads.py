"""Heads on the edge: LiteRT, without TensorFlow. Each is cut out of the whole when first used."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hosts.errors import ModelError
from hosts.models.cut import cut_head
from hosts.models.manifest import Manifest

RESIDENT_MB = 200.0


class Tensor(NamedTuple):
    """A head's output.

    Attributes:
        array: (1, ...) int8, or float32 where there is no quantisation.
        scale: real value = scale * (array - zero_point); None for float32.
        zero_point: likewise.
    """

    array: npt.NDArray[np.generic]
    scale: float | None = None
    zero_point: int | None = None


class Heads:
    """All heads of one network; those used last stay resident within a bound of memory.

    Attributes:
        resident_mb: the bound; the head in use stays, however large.
    """

    def __init__(
        self,
        whole: Path,
        tensors: dict[int, int],
        last_split_point: int,
        threads: int | None = None,
    ) -> None:
        self._whole = whole
        self._tensors = tensors
        self._last = last_split_point
        self._threads = threads
        self._resident: OrderedDict[int, _Head] = OrderedDict()
        self.resident_mb = RESIDENT_MB

    @classmethod
    def open(cls, whole: Path, manifest: Manifest, threads: int | None = None) -> Heads:
        """The heads of a prepared network; None: as many threads as LiteRT takes by itself."""
        tensors = {p.index: p.tensor for p in manifest.split_points if p.tensor is not None}
        return cls(whole, tensors, manifest.last_split_point, threads)

    def run(self, split_point: int, image: npt.NDArray[np.float32]) -> Tensor:
        """Run a head on one preprocessed image, without a batch dimension.

        At split point 0 the image itself is the tensor.

        Raises:
            ModelError: no such split point, or the image has another shape.
        """
        if split_point == 0:
            return Tensor(image[np.newaxis])
        return self._head(split_point).run(image)

    def _head(self, split_point: int) -> _Head:
        if split_point not in self._tensors:
            raise ModelError(f"split point {split_point} asked; allowed: 0..{self._last}")
        if split_point not in self._resident:
            content = cut_head(self._whole, self._tensors[split_point])
            self._make_room(len(content) / 2**20)
            self._resident[split_point] = _Head(content, self._threads)
        self._resident.move_to_end(split_point)
        return self._resident[split_point]

    def _make_room(self, needed_mb: float) -> None:
        while self._resident and (
            sum(h.size_mb for h in self._resident.values()) + needed_mb > self.resident_mb
        ):
            self._resident.popitem(last=False)


class _Head:
    """One interpreter."""

    def __init__(self, content: bytes, threads: int | None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.size_mb = len(content) / 2**20
        self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    def run(self, image: npt.NDArray[np.float32]) -> Tensor:
        shape = tuple(int(size) for size in self._input["shape"][1:])
        if image.shape != shape:
            raise ModelError(f"an image of shape {shape} expected, found {image.shape}")
        self._interpreter.set_tensor(self._input["index"], self._quantised(image[np.newaxis]))
        self._interpreter.invoke()
        array = self._interpreter.get_tensor(self._output["index"])
        scale, zero_point = self._output["quantization"]
        if array.dtype == np.float32:
            return Tensor(array)
        return Tensor(array, float(scale), int(zero_point))

    def _quantised(self, image: npt.NDArray[np.float32]) -> npt.NDArray[np.generic]:
        if self._input["dtype"] == np.float32:
            return image
        scale, zero_point = self._input["quantization"]
        steps = np.clip(np.round(image / scale) + zero_point, -128, 127)
        return np.asarray(steps, dtype=np.int8)
