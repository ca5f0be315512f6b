"""Tails of Keras networks on TensorFlow."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import numpy.typing as npt

from hosts.models.keras_graphs.tails import Compiled, KerasTails


class TensorFlowTails(KerasTails):
    """All tails of one network, each traced when first used."""

    def _compile(self, tail: Any, device: str | None) -> Compiled:
        import tensorflow as tf

        def run(tensor: Any, scale: Any, zero_point: Any) -> Any:
            values = tf.cast(tensor, tf.float32)
            if tensor.dtype.is_integer:
                values = (values - zero_point) * scale
            return tail(values, training=False)

        traced = tf.function(run, autograph=False)  # which would leave files behind

        def placed(
            array: npt.NDArray[np.generic], scale: np.float32, zero_point: np.float32
        ) -> Any:
            with tf.device(device) if device else contextlib.nullcontext():
                return traced(tf.constant(array), scale, zero_point)

        return placed

    def _device_of(self, outputs: Any) -> str:
        return str(outputs.device).rpartition("device:")[2]
