"""Any functional graph with one input and one output, from a Keras file (`model.path=`)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.networks._keras_config import check_input, configuration, input_shape_of
from hosts.models.networks.base import Images, NetworkFacts, Progress

if TYPE_CHECKING:
    import keras

SCALINGS = {"none": 1.0, "unit": 1 / 255}
_DISK_PER_FILE = 2.5  # the network, its whole conversion, and some heads of their own


def at(path: str, scaling: str) -> KerasFile:
    """The network of a file.

    Args:
        path: of a `.keras` or `.h5` file.
        scaling: of pixels before the network: `none` leaves them 0..255, `unit` makes them 0..1.

    Raises:
        ModelError: no such file or scaling, or no graph that can be split.
    """
    if not path:
        raise ModelError("model=keras_file needs model.path=FILE.keras or FILE.h5")
    if scaling not in SCALINGS:
        raise ModelError(f"model.scaling={scaling} asked; allowed: {', '.join(SCALINGS)}")
    return KerasFile(Path(path).resolve(), scaling)


class KerasFile:
    """A network that a file defines.

    Attributes:
        path: of the file. scaling: of pixels before the network.
    """

    def __init__(self, path: Path, scaling: str) -> None:
        self.path = path
        self.scaling = scaling

    @cached_property
    def ABOUT(self) -> NetworkFacts:  # noqa: N802  as in the modules of networks
        """Facts from the file's configuration, read without Keras.

        Raises:
            ModelError: no Keras model, several inputs or outputs, or no images as the input.
        """
        shape = input_shape(self.path)
        return NetworkFacts(
            input_shape=shape,
            classes=0,  # known when it is built
            dataset="digits" if shape[2] == 1 else "photos",
            learned="stored",
            size_mb=_DISK_PER_FILE * self.path.stat().st_size / 2**20 + 15,
            weight_files=(".keras", ".h5"),
        )

    def preprocess(self, images: npt.NDArray[np.generic]) -> Images:
        """Pixels 0..255, scaled as asked."""
        return (images.astype(np.float32) * np.float32(SCALINGS[self.scaling])).astype(np.float32)

    def build(
        self, weights: str, seed: int, calibration: Images, progress: Progress, /
    ) -> keras.Model:
        """Read it, with the weights it was stored with, those of a file, or random ones."""
        import keras

        from hosts.models.keras_graphs.keras_files import check_numbers, load_model, load_weights
        from hosts.models.networks._plain_graph import plain
        from hosts.models.networks._random_weights import FLATTER_LOGITS, randomise

        progress(f"reading {self.path.name}")
        model = load_model(self.path)
        check_numbers(model, self.path)
        model = plain(model)
        _check_classes(model, self.path)
        if weights == "random":
            keras.utils.set_random_seed(seed)
            model = keras.models.clone_model(model)
            randomise(model, seed, calibration, FLATTER_LOGITS)
        elif weights != "stored":
            load_weights(model, Path(weights))
        return model


def _check_classes(model: keras.Model, path: Path) -> None:
    found = tuple(model.outputs[0].shape[1:]) if len(model.outputs) == 1 else ()
    if found and (len(found) != 1 or (found[0] or 0) < 2):
        hint = "; give a sigmoid's single value two classes" if found == (1,) else ""
        raise ModelError(
            f"{path} has an output of shape {found}; a value for each of two or more classes "
            f"expected{hint}"
        )


def input_shape(path: Path) -> tuple[int, int, int]:
    """(height, width, channels) of the images that a file's network takes.

    Raises:
        ModelError: no Keras model, several inputs or outputs, or no images as the input.
    """
    config = configuration(path)
    for end in ("input_layers", "output_layers"):
        count = _count(config.get(end))
        if count != 1:
            ends = end.replace("_layers", "s")
            raise ModelError(
                f"{path} has {count} {ends}; only graphs with one input and one output can be split"
            )
    layers = config["layers"]
    inputs = [layer for layer in layers if layer.get("class_name") == "InputLayer"] or layers[:1]
    return check_input(path, input_shape_of(inputs[0]) if inputs else ())


def _count(ends: Any) -> int:
    """The number of inputs or outputs: one is [name, 0, 0], several are a list or dict of those."""
    if ends is None:  # of a Sequential
        return 1
    return 1 if isinstance(ends, list) and ends and isinstance(ends[0], str) else len(ends)
