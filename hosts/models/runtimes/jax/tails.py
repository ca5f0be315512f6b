"""Tails of Keras networks on JAX: compiled, with weights that all tails share on a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.keras_graphs.tails import Compiled, KerasTails


class JaxTails(KerasTails):
    """All tails of one network, each compiled for the shapes that it is given."""

    def __init__(self, model: Any, names: Sequence[str] = ()) -> None:
        super().__init__(model, names)
        self._placed: dict[tuple[int, Any], Any] = {}

    def _compile(self, tail: Any, device: str | None) -> Compiled:
        import jax
        import jax.numpy as jnp

        def run(weights: Any, others: Any, tensor: Any, scale: Any, zero_point: Any) -> Any:
            values = tensor.astype(jnp.float32)
            if jnp.issubdtype(tensor.dtype, jnp.integer):
                values = (values - zero_point) * scale
            outputs, _ = tail.stateless_call(weights, others, values, training=False)
            return outputs

        place = _device(device)
        weights, others = (
            [self._on(variable, place) for variable in variables]
            for variables in (tail.trainable_variables, tail.non_trainable_variables)
        )
        compiled = jax.jit(run)

        def placed(
            array: npt.NDArray[np.generic], scale: np.float32, zero_point: np.float32
        ) -> Any:
            tensor, *factors = jax.device_put((array, scale, zero_point), place)
            return compiled(weights, others, tensor, *factors)

        return placed

    def _on(self, variable: Any, place: Any) -> Any:
        """A variable's value on a device, which is put there once."""
        import jax

        key = (id(variable), place)
        if key not in self._placed:
            self._placed[key] = jax.device_put(variable.value, place)
        return self._placed[key]

    def _device_of(self, outputs: Any) -> str:
        (device,) = outputs.devices()
        return f"{device.platform.upper()}:{device.id}"


def _device(name: str | None) -> Any:
    """A device by its name, such as `GPU:0`; None: JAX's first.

    Raises:
        ModelError: there is none.
    """
    import jax

    if name is None:
        return jax.devices()[0]
    platform, number = name.lower().split(":")
    try:
        return jax.devices(platform)[int(number)]
    except (RuntimeError, IndexError) as error:
        raise ModelError(f"device {name} asked; JAX has {jax.devices()}") from error
