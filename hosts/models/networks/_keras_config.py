"""The configuration that a Keras file holds, read and judged without Keras.

Files are of Keras 3 or 2: `.keras` is a zip archive, `.h5` (or `.hdf5`) is HDF5. What would run
code, what is too large and what is damaged is refused before any library is asked to build it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hosts.core.errors import ModelError

H5_MAGIC = b"\x89HDF\r\n\x1a\n"
_LARGEST_MB = 4096
_LARGEST_CONFIG_MB = 64
_LARGEST_INPUT = 1 << 26
"""Elements of one input image: 8192 x 8192 grey pixels."""


def is_h5(path: Path) -> bool:
    """True if a file is HDF5, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(H5_MAGIC)) == H5_MAGIC


def configuration(path: Path) -> dict[str, Any]:
    """The configuration of a file's network, of a functional graph or a chain of layers.

    Raises:
        ModelError: no Keras model, one that is damaged or too large, or one with code in it.
    """
    if not path.is_file():
        raise ModelError(f"model.path={path}: there is no such file")
    _check_size(path, path.stat().st_size)
    found = _of_h5(path) if is_h5(path) else _of_archive(path)
    config = found.get("config") if isinstance(found, dict) else None
    if isinstance(config, list):  # of a Sequential of early Keras 2
        config = {"layers": config}
    if not isinstance(config, dict):
        raise _is_none(path, "its configuration is none of a model")
    layers = config.get("layers")
    if not isinstance(layers, list):
        raise ModelError(f"{path}: a functional graph expected, found a subclassed model")
    _check_code(path, config)
    return config


def input_shape_of(layer: dict[str, Any]) -> tuple[Any, ...]:
    """The shape of an input, or of a chain's first layer, without the batch; empty: not told."""
    config = layer.get("config", {})
    for key in ("batch_shape", "batch_input_shape"):  # of Keras 3, of Keras 2
        if shape := config.get(key):
            return tuple(shape[1:])
    return ()


def check_input(path: Path, shape: tuple[Any, ...]) -> tuple[int, int, int]:
    """(height, width, channels) of the images that a network takes.

    Raises:
        ModelError: they are no images, of no fixed size, or too large.
    """
    if len(shape) != 3 or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ModelError(
            f"{path} takes inputs of shape {shape or 'unknown'}; images (height, width, channels) "
            "of a fixed size expected"
        )
    height, width, channels = shape
    if height * width * channels > _LARGEST_INPUT:
        raise ModelError(
            f"{path} takes images of {height} x {width} x {channels} values; at most "
            f"{_LARGEST_INPUT} values are taken"
        )
    return height, width, channels


def _check_size(path: Path, size: int) -> None:
    if size > _LARGEST_MB << 20:
        raise ModelError(
            f"model.path={path} holds {size / 2**20:,.0f} MB; networks of at most {_LARGEST_MB} MB "
            "can be prepared"
        )


def _is_none(path: Path, why: object) -> ModelError:
    return ModelError(f"model.path={path} is no Keras model: {why}")


def _of_archive(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(member.file_size for member in archive.infolist()))
            size = archive.getinfo("config.json").file_size
            if size > _LARGEST_CONFIG_MB << 20:
                raise _is_none(path, f"its configuration takes {size >> 20} MB")
            return json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        raise _is_none(path, f"it is damaged, or no .keras or .h5 file ({error})") from error


def _of_h5(path: Path) -> Any:
    import h5py

    try:
        with h5py.File(path) as file:
            told = file.attrs.get("model_config")
        if told is None:
            raise _is_none(path, "it holds weights alone; save the whole with model.save")
        return json.loads(told)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, RecursionError) as error:
        raise _is_none(path, f"it is damaged ({error})") from error


def _check_code(path: Path, config: dict[str, Any]) -> None:
    """Refuse layers that keep functions as code.

    Raises:
        ModelError: there is one; names it.
    """
    for layer in _layers(config):
        if layer.get("class_name") in ("Lambda", "__lambda__"):
            inner = layer.get("config")
            name = inner.get("name") if isinstance(inner, dict) else None
            raise ModelError(
                f"{path} has a Lambda layer{f' ({name})' if name else ''}, whose code would run "
                "when it is read; replace it by layers or operations of Keras"
            )


def _layers(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a configuration that has a class."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "class_name" in one:
                yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
