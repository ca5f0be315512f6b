"""What the tails of a Keras network have in common, whichever library computes them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.core.errors import ArtifactError, ModelError
from hosts.models.keras_graphs.graph import chosen, cut_points, tail_of
from hosts.models.keras_graphs.keras_files import load_model
from hosts.models.prepared.manifest import Manifest
from hosts.models.prepared.sent_tensors import check_sent

KEPT = 32
"""Compiled tails kept; each takes about 1 MB (VGG16) beside the weights, which all share."""

Compiled = Callable[[npt.NDArray[np.generic], np.float32, np.float32], Any]
"""A tensor as it came, its scale and its zero point to the network's outputs (batch, classes)."""


class KerasTails:
    """All tails of one network, each compiled when first used; the last 32 used are kept.

    Attributes:
        device: where the last tail ran, such as `CPU:0`.
        compile_ms: what the last run took if it had to compile its tail; None: it had not.
    """

    compile_ms: float | None = None

    def __init__(self, model: Any, names: Sequence[str] = ()) -> None:
        self._model = model
        self._cuts = chosen(cut_points(model), names)
        self._compiled: OrderedDict[Hashable, Compiled] = OrderedDict()
        self._met: set[tuple[Any, ...]] = set()
        self.device = ""

    @classmethod
    def open(cls, path: Path, manifest: Manifest) -> Self:
        """The tails of a prepared network, whose library has been imported below Keras.

        Raises:
            ArtifactError: the file is not a Keras model, or not this network's.
        """
        try:
            return cls(load_model(path), [point.name for point in manifest.split_points])
        except ModelError as error:
            raise ArtifactError(f"{path} is not {manifest.network}'s: {error}") from error

    def run(
        self,
        split_point: int,
        tensor: npt.NDArray[np.generic],
        scale: float | None,
        zero_point: int | None,
        device: str | None = None,
    ) -> npt.NDArray[np.float32]:
        """Run a tail on one image's tensor (1, ...); see `run_batch`.

        Returns:
            (classes,) the network's outputs.
        """
        outputs = self.run_batch(split_point, Tensor(tensor, scale, zero_point), device)
        return np.asarray(outputs[0])

    def run_batch(
        self, split_point: int, tensor: Tensor, device: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Run a tail; see `hosts.models.runtimes.base.Tails`."""
        check_sent(split_point, tensor, [cut.shape for cut in self._cuts[:-1]])
        scale = np.float32(1.0 if tensor.scale is None else tensor.scale)
        zero_point = np.float32(tensor.zero_point or 0)
        began_ns = time.monotonic_ns()
        key = (split_point, device, tensor.array.shape, tensor.array.dtype.char)
        compiled = self._kept(split_point, device)
        is_new = key not in self._met
        outputs = compiled(tensor.array, scale, zero_point)
        found = np.asarray(outputs, dtype=np.float32)
        self.device = self._device_of(outputs)
        if device and self.device != device:
            raise ModelError(f"device {device} asked; the tail ran on {self.device}")
        self.compile_ms = (time.monotonic_ns() - began_ns) / 1e6 if is_new else None
        self._met.add(key)
        return found

    def _compile(self, tail: Any, device: str | None) -> Compiled:
        """A function that runs a tail on a device."""
        raise NotImplementedError

    def _device_of(self, outputs: Any) -> str:
        """The device that outputs were computed on, such as `GPU:0`."""
        raise NotImplementedError

    def _kept(self, split_point: int, device: str | None) -> Compiled:
        key = (split_point, device)
        if key not in self._compiled:
            while len(self._compiled) >= KEPT:
                gone, _ = self._compiled.popitem(last=False)
                self._met = {met for met in self._met if met[:2] != gone}
            tail = tail_of(self._model, self._cuts, split_point)
            self._compiled[key] = self._compile(tail, device)
        self._compiled.move_to_end(key)
        return self._compiled[key]
