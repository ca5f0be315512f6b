"""The two layers of a vision transformer that Keras lacks. Imports Keras: import it when needed."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="dynasplit")
class ClassToken(keras.layers.Layer):  # type: ignore[misc]
    """Puts a learned token before the others: (n, tokens, size) to (n, tokens + 1, size)."""

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make the token's weight, (1, 1, size)."""
        self.token = self.add_weight(
            name="token", shape=(1, 1, input_shape[-1]), initializer=_normal()
        )

    def call(self, inputs: Any) -> Any:
        """Concatenate."""
        shape = (keras.ops.shape(inputs)[0], 1, inputs.shape[-1])
        return keras.ops.concatenate([keras.ops.broadcast_to(self.token, shape), inputs], axis=1)


@keras.saving.register_keras_serializable(package="dynasplit")
class PositionEmbedding(keras.layers.Layer):  # type: ignore[misc]
    """Adds a learned embedding of each position: (n, tokens, size), unchanged in shape."""

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make the embedding's weight, (1, tokens, size)."""
        self.embedding = self.add_weight(
            name="embedding", shape=(1, *input_shape[1:]), initializer=_normal()
        )

    def call(self, inputs: Any) -> Any:
        """Add."""
        return inputs + self.embedding


def _normal() -> Any:
    return keras.initializers.RandomNormal(stddev=0.02)
