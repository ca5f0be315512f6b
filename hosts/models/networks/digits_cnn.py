"""A small convolutional network for the bundled digits; split points 0..7, trained in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hosts.models.networks.base import Images, NetworkFacts, Progress

if TYPE_CHECKING:
    import keras

ABOUT = NetworkFacts(input_shape=(16, 16, 1), classes=10, dataset="digits", learned="trained")
_EPOCHS = 12


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """Pixels 0..255 to -1..1."""
    return (images.astype(np.float32) / 127.5 - 1.0).astype(np.float32)


def build(weights: str, seed: int, _calibration: Images, progress: Progress) -> keras.Model:
    """Build it, and train it on the digits that are not held out."""
    import keras

    from hosts.models.datasets import digits

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(ABOUT.input_shape),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", name="fc1"),
            layers.Dense(ABOUT.classes, activation="softmax", name="predictions"),
        ]
    )
    model = keras.Model(model.inputs[0], model.outputs[0], name="digits_cnn")
    if weights == "random":
        return model
    progress("training digits_cnn")
    others = digits.load(0, 0, seed, ABOUT.input_shape).calibration
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(preprocess(others.pixels), others.labels, batch_size=32, epochs=_EPOCHS, verbose=0)
    return model
