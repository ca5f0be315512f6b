"""Has the network made ready, and says how far that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from dynasplit.app.cli.terminal import Terminal
from dynasplit.config.schema import Config
from dynasplit.core.errors import ConfigurationError, DataError
from hosts.core.errors import ArtifactError, ModelError
from hosts.models.prepare.prepare import Order, Plan, plan, prepare, settled
from hosts.models.runtime.manifest import Manifest

_PARTS = 5
_OF_SEVERAL = re.compile(r"^head (\d+) of (\d+)")
NEEDED_BY = ("emulated", "local", "ssh")
"""The kinds of hosts that compute a network for real."""


def order_of(config: Config) -> Order:
    """What has to be prepared.

    Raises:
        ConfigurationError: there is no such network, data set, or weights.
    """
    order = Order(
        network=config.model.name,
        weights=config.model.weights,
        data=config.data.name,
        images=config.data.images,
        calibration=config.model.calibration_images,
        seed=config.model.seed,
        precision=config.model.precision,
        path=config.model.path or "",
        scaling=config.model.scaling,
        data_path=config.data.path or "",
        data_labels=config.data.labels or "",
        data_tfds=config.data.tfds or "",
        data_split=config.data.split or "",
    )
    with explained():
        return settled(order)


def plan_of(config: Config) -> Plan:
    """What preparing would do."""
    order = order_of(config)
    with explained():
        return plan(order)


def prepared(config: Config, terminal: Terminal) -> Manifest:
    """The network made ready; a note says which weights it has.

    Raises:
        ConfigurationError: it cannot be made. DataError: the cache cannot be used.
    """
    order = order_of(config)
    title = f"Preparing {config.model.label}"
    followed = _Followed(title, terminal)
    with explained():
        manifest = prepare(order, followed)
    manifest = msgspec.structs.replace(manifest, network=config.model.label)
    followed.end()
    terminal.say(
        f"{manifest.network} with {manifest.weights} weights, {manifest.precision} heads: "
        f"{_quality(manifest)}"
    )
    if manifest.quality == "fidelity" and _is_of_one_class(manifest):
        terminal.say(
            f"The unsplit {manifest.network} gives all {manifest.images} images the same class: "
            "fidelity says nothing here"
        )
    return manifest


class _Followed:
    """Shows what preparing says; each text begins one of about so many parts."""

    def __init__(self, title: str, terminal: Terminal) -> None:
        self._title, self._terminal = title, terminal
        self._begun, self._parts = 0, _PARTS

    def __call__(self, what: str, /) -> None:
        if of_several := _OF_SEVERAL.search(what):
            place, several = map(int, of_several.groups())
            self._parts = self._begun + several - place + 3
        total = max(self._parts, self._begun + 1)
        self._terminal.advance(self._title, self._begun, total, what)
        self._begun += 1

    def end(self) -> None:
        if self._begun:
            self._terminal.end(self._title)


def _quality(manifest: Manifest) -> str:
    if manifest.quality == "accuracy":
        return f"accuracy on {manifest.images} labelled images"
    return f"fidelity to the unsplit network on {manifest.images} images, in place of accuracy"


def _is_of_one_class(manifest: Manifest) -> bool:
    with np.load(manifest.artifacts["images"].path, allow_pickle=False) as images:
        return bool(np.ptp(images["reference_top1"]) == 0)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the models' room says into the controller's errors."""
    try:
        yield
    except ModelError as error:
        raise ConfigurationError(str(error)) from error
    except ArtifactError as error:
        raise DataError(str(error)) from error
