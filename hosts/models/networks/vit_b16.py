"""ViT-B/16 (Dosovitskiy et al., arXiv 2010.11929) on 224 x 224 images; split points 0..19.

Its graph can be cut at more places; the split points are the twenty that published results use:
input, patch embedding, reshape, class token, position embedding, twelve blocks, norm, class token
taken out, head.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.models.networks.base import Images, NetworkFacts, Progress

if TYPE_CHECKING:
    import keras

PATCH, SIZE, BLOCKS, HEADS, MLP = 16, 768, 12, 12, 3072
ABOUT = NetworkFacts(
    input_shape=(224, 224, 3),
    classes=1000,
    dataset="photos",
    learned="",
    size_mb=720,
    precision="float32",
    weight_files=(".npz", ".safetensors"),
    split_points=(
        "image",
        "patch_embedding",
        "reshape",
        "class_token",
        "position_embedding",
        *(f"block_{i}" for i in range(BLOCKS)),
        "norm",
        "class_token_out",
        "head",
    ),
)
_EPSILON = 1e-6


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """Pixels 0..255 to -1..1, as its published weights expect."""
    return (images.astype(np.float32) / 127.5 - 1.0).astype(np.float32)


def build(weights: str, seed: int, calibration: Images, progress: Progress) -> keras.Model:
    """Build it with the weights of a file, or seeded random ones."""
    import keras

    from hosts.models.networks._random_weights import FLATTER_LOGITS, randomise
    from hosts.models.networks._vit_weights import load_into

    keras.utils.set_random_seed(seed)
    model = graph()
    if weights == "random":
        progress("drawing random weights for vit_b16")
        randomise(model, seed, calibration, FLATTER_LOGITS)
    else:
        progress(f"reading the weights of {Path(weights).name}")
        load_into(model, Path(weights))
    return model


def graph() -> keras.Model:
    """The graph, with weights as Keras draws them; 86,567,656 parameters."""
    import keras

    from hosts.models.keras_graphs.vit_layers import ClassToken, PositionEmbedding

    layers = keras.layers
    image = keras.Input(ABOUT.input_shape, name="image")
    x = layers.Conv2D(SIZE, PATCH, strides=PATCH, name="patch_embedding")(image)
    x = layers.Reshape((-1, SIZE), name="reshape")(x)
    x = ClassToken(name="class_token")(x)
    x = PositionEmbedding(name="position_embedding")(x)
    for i in range(BLOCKS):
        x = _block(x, f"block_{i}")
    x = layers.LayerNormalization(epsilon=_EPSILON, name="norm")(x)
    x = layers.Cropping1D((0, x.shape[1] - 1), name="crop")(x)
    x = layers.Flatten(name="class_token_out")(x)
    x = layers.Dense(ABOUT.classes, activation="softmax", name="head")(x)
    return keras.Model(image, x, name="vit_b16")


def _block(x: Any, name: str) -> Any:
    """Attention and perceptron, each behind a norm and with a shortcut."""
    from keras import layers

    y = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_norm_1")(x)
    y = layers.MultiHeadAttention(HEADS, SIZE // HEADS, name=f"{name}_attention")(y, y)
    x = layers.Add(name=f"{name}_middle")([x, y])
    y = layers.LayerNormalization(epsilon=_EPSILON, name=f"{name}_norm_2")(x)
    y = layers.Dense(MLP, activation="gelu", name=f"{name}_mlp_1")(y)
    y = layers.Dense(SIZE, name=f"{name}_mlp_2")(y)
    return layers.Add(name=name)([x, y])
