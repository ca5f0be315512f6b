"""Keras' own files: networks read with the layers they need, weights read into a network."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hosts.core.errors import ModelError
from hosts.models.keras_graphs.light_keras import import_keras

if TYPE_CHECKING:
    import keras

_UNKNOWN = ("Could not locate", "Could not deserialize")
_SAID = 300  # characters of Keras' own message


def load_model(path: Path) -> keras.Model:
    """A network from a `.keras` file, or a `.h5` file of a whole network.

    Raises:
        ModelError: it is none, or it has layers that are not known here.
    """
    import_keras()
    import keras

    import hosts.models.keras_graphs.vit_layers  # noqa: F401  registers them

    if not (zipfile.is_zipfile(path) or _is_h5(path)):
        raise ModelError(
            f"{path} is no Keras model: it is missing, truncated, or no .keras or .h5 file"
        )
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras lets many kinds through
        said = _short(error)
        if "safe_mode" in str(error):
            raise ModelError(
                f"{path} has a Lambda layer, whose code would run when it is read; replace it by "
                "layers or operations of Keras"
            ) from error
        if said.startswith(_UNKNOWN):
            raise ModelError(f"{path} has a layer that is not known: {said}") from error
        raise ModelError(f"{path} cannot be read as a Keras model: {said}") from error


def check_numbers(model: keras.Model, path: Path) -> None:
    """Refuse weights that are no numbers: all that they reach would be none either.

    Raises:
        ModelError: one is NaN or infinite; names it.
    """
    for weight in model.weights:
        values = np.asarray(weight)
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ModelError(
                f"{path} has weights that are no numbers: {bad} of the {values.size} values of "
                f"{weight.path} are NaN or infinite"
            )


def load_weights(model: keras.Model, path: Path) -> None:
    """Read weights into a network: of a `.keras` file, or a `.h5` file of weights.

    Raises:
        ModelError: they are another network's, or the file has none.
    """
    if path.suffix == ".keras":
        _copy(model, load_model(path), path)
        check_numbers(model, path)
        return
    if path.suffix != ".h5":
        raise ModelError(f"{path}: weights for {model.name} are read from .keras and .h5 files")
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py let many kinds through
        raise ModelError(
            f"the weights of {path} are not those of {model.name}: {_short(error)}"
        ) from error
    check_numbers(model, path)


def _copy(model: keras.Model, source: keras.Model, path: Path) -> None:
    expected, found = model.weights, source.weights
    for one, other in zip(expected, found, strict=False):
        if one.shape != other.shape:
            raise ModelError(
                f"the weights of {path} are not those of {model.name}: {one.path} of shape "
                f"{tuple(one.shape)} expected, found {other.path} of shape {tuple(other.shape)}"
            )
    if len(expected) != len(found):
        raise ModelError(
            f"the weights of {path} are not those of {model.name}: {len(expected)} arrays "
            f"expected, found {len(found)}"
        )
    model.set_weights([np.asarray(weight) for weight in found])


def _is_h5(path: Path) -> bool:
    import h5py

    return path.is_file() and bool(h5py.is_hdf5(path))


def _short(error: Any) -> str:
    """One line of Keras' message, from where it comes to the point."""
    said = " ".join(str(error).split())
    point = max(said.find(start) for start in _UNKNOWN)
    return said[max(point, 0) :][:_SAID]
