"""Tails in the cloud: TensorFlow, one set of weights for all split points."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hosts.codecs.base import Tensor
from hosts.core.errors import ArtifactError, ModelError
from hosts.models.runtime.graph import chosen, cut_points, tail_of
from hosts.models.runtime.keras_files import load_model
from hosts.models.runtime.light_keras import import_keras
from hosts.models.runtime.manifest import Manifest

KEPT = 32
"""Tails kept; each takes about 1 MB (VGG16) beside the one set of weights that all share."""


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
        import_keras()  # before TensorFlow, which imports Keras with all that it looks for
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")  # it takes one trace for each tail as a mistake
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
        """Run a tail on one image's tensor (1, ...); see `run_batch`.

        Returns:
            (classes,) the network's outputs.
        """
        outputs = self.run_batch(split_point, Tensor(tensor, scale, zero_point), device)
        return np.asarray(outputs[0])

    def run_batch(
        self, split_point: int, tensor: Tensor, device: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Run a tail; the tensor goes in as it came, its real values are made on the device.

        Args:
            split_point: 0 to the one before the last.
            tensor: (batch, ...) as the head gave it.
            device: `CPU:0` or `GPU:0`; None: as TensorFlow chooses.

        Returns:
            (batch, classes) the network's outputs.

        Raises:
            ModelError: no such split point, a tensor of another shape or type, or no such device.
        """
        import tensorflow as tf

        self._check(split_point, tensor)
        scale = np.float32(1.0 if tensor.scale is None else tensor.scale)
        zero_point = np.float32(tensor.zero_point or 0)
        with tf.device(device) if device else contextlib.nullcontext():
            tail = self._tail(split_point, device)
            outputs = tail(tf.constant(tensor.array), scale, zero_point)
        self.device = outputs.device
        if device and not self.device.endswith(device):
            raise ModelError(f"device {device} asked; the tail ran on {self.device}")
        return np.asarray(outputs, dtype=np.float32)

    def _check(self, split_point: int, tensor: Tensor) -> None:
        if not 0 <= split_point < len(self._cuts) - 1:
            raise ModelError(
                f"split point {split_point} asked of the cloud; allowed: 0..{len(self._cuts) - 2}"
            )
        expected = self._cuts[split_point].shape
        if tensor.array.shape[1:] != expected:
            raise ModelError(
                f"a tensor of shape (batch, {', '.join(map(str, expected))}) expected at split "
                f"point {split_point}, found {tensor.array.shape}"
            )
        is_float = tensor.array.dtype in (np.float32, np.float16)
        if is_float != (tensor.scale is None):
            raise ModelError(
                f"a tensor of type {tensor.array.dtype} found {'with' if is_float else 'without'} "
                "a scale; allowed: float tensors without, integers with one"
            )

    def _tail(self, split_point: int, device: str | None) -> Any:
        import tensorflow as tf

        key = (split_point, device)
        if key not in self._compiled:
            if len(self._compiled) >= KEPT:
                self._compiled.popitem(last=False)
            tail = tail_of(self._model, self._cuts, split_point)

            def run(tensor: Any, scale: Any, zero_point: Any) -> Any:
                values = tf.cast(tensor, tf.float32)
                if tensor.dtype.is_integer:
                    values = (values - zero_point) * scale
                return tail(values, training=False)

            self._compiled[key] = tf.function(
                run,
                autograph=False,  # it would leave files behind
            )
        self._compiled.move_to_end(key)
        return self._compiled[key]
