"""Prepares the network, and shows the progress."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import numpy as np

from dynasplit.app.cli.terminal import Terminal
from dynasplit.core.errors import CacheError, ConfigurationError
from hosts.core.errors import ArtifactError, ModelError
from hosts.models.prepare.prepare import Plan, PrepareOrder, plan, prepare
from hosts.models.prepared.manifest import Manifest

_PARTS = 5
_OF_SEVERAL = re.compile(r"^head (\d+) of (\d+)")


def plan_of(order: PrepareOrder) -> Plan:
    """The work that preparing would take."""
    with explained():
        return plan(order)


def prepared(order: PrepareOrder, network: str, terminal: Terminal) -> Manifest:
    """The network made ready; a note says which weights it has.

    Args:
        order: what to prepare.
        network: what results call it.
        terminal: shows how far it is.

    Raises:
        ConfigurationError: it cannot be made. CacheError: the cache cannot be used.
    """
    title = f"Preparing {network}"
    followed = _Followed(title, terminal)
    with explained():
        manifest = prepare(order, followed)
    manifest = msgspec.structs.replace(manifest, network=network)
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
        raise CacheError(str(error)) from error
