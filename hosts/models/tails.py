"""Tails in the cloud: TensorFlow, one set of weights for all split points."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hosts.errors import ArtifactError, ModelError
from hosts.models.graph import chosen, cut_points, tail_of
from hosts.models.keras_files import load_model
from hosts.models.manifest import Manifest

KEPT = 32


class Tails:
    """All tails of one network, each compiled when first used; the last 32 used are kept.

    Attributes:
        device: where the last tail ran.
    """

    def __init__(self, model: Any, names: Sequence[str] = ()) -> None:
        self._model = model
        self._cuts = chosen(cut_points(model), names)
        self._compiled: OrderedDict[tuple[int, str | None], Any] = OrderedDict()
        self.device = ""

    @classmethod
    def open(cls, path: Path, manifest: Manifest) -> Tails:
        """The tails of a prepared network.

        Raises:
            ArtifactError: the file is not a Keras model, or not this network's.
        """
        try:
            model = load_model(path)
            tails = cls(model, [point.name for point in manifest.split_points])
        except ModelError as error:
            raise ArtifactError(f"{path} is not {manifest.network}'s: {error}") from error
        return tails

    def run(
        self,
        split_point: int,
        tensor: npt.NDArray[np.generic],
        scale: float | None,
        zero_point: int | None,
        device: str | None = None,
    ) -> npt.NDArray[np.float32]:
        """Run a tail.

        Args:
            split_point: 0 to the one before the last.
            tensor: (1, ...) as the head gave it.
            scale: of the tensor's quantisation; None if it is float.
            zero_point: likewise.
            device: `CPU:0` or `GPU:0`; None: as TensorFlow chooses.

        Returns:
            (classes,) the network's outputs.

        Raises:
            ModelError: no such split point, a tensor of another shape, or no such device.
        """
        import tensorflow as tf

        if not 0 <= split_point < len(self._cuts) - 1:
            raise ModelError(
                f"split point {split_point} asked of the cloud; allowed: 0..{len(self._cuts) - 2}"
            )
        expected = self._cuts[split_point].shape
        if tensor.shape[1:] != expected:
            raise ModelError(
                f"a tensor of shape (1, {', '.join(map(str, expected))}) expected at split point "
                f"{split_point}, found {tensor.shape}"
            )
        values = tensor.astype(np.float32)
        if scale is not None:
            values = (values - np.float32(zero_point or 0)) * np.float32(scale)
        with tf.device(device) if device else contextlib.nullcontext():
            outputs = self._tail(split_point, device)(tf.constant(values))
        self.device = outputs.device
        if device and not self.device.endswith(device):
            raise ModelError(f"device {device} asked; the tail ran on {self.device}")
        return np.asarray(outputs[0], dtype=np.float32)

    def _tail(self, split_point: int, device: str | None) -> Any:
        import tensorflow as tf

        key = (split_point, device)
        if key not in self._compiled:
            if len(self._compiled) >= KEPT:
                self._compiled.popitem(last=False)
            tail = tail_of(self._model, self._cuts, split_point)
            self._compiled[key] = tf.function(
                lambda x: tail(x, training=False),
                autograph=False,  # it would leave files behind
            )
        self._compiled.move_to_end(key)
        return self._compiled[key]
