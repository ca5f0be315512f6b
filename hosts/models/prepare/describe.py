"""A network's split points with their work, known without its weights. No framework here.

A child process builds the graph; what it found is kept in the cache.

python -m hosts.models.prepare.describe --network vgg16
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

from hosts.core.errors import ArtifactError, HostError, ModelError
from hosts.models.networks import base as networks
from hosts.models.networks.base import Progress
from hosts.models.prepare.child import DIED, run_child
from hosts.models.prepare.convertible import TRYING
from hosts.models.prepare.prepare import PrepareOrder, key_of
from hosts.models.prepared.artifacts import ArtifactCache

MARK = "described: "
_COUNTERS = {
    "keras": "hosts.models.prepare.count_work",
    "onnx": "hosts.models.prepare.count_onnx",
}


class SplitPointDescription(msgspec.Struct, frozen=True):
    """One split point by what it computes.

    Attributes:
        index: 0 is before the first operation, the last after the last.
        name: of the operation whose output is the intermediate tensor.
        shape: of that tensor, without the batch dimension.
        bytes: as it is sent; at the last split point nothing is.
        head_mmac: million multiply-accumulates before it. tail_mmac: after it.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    bytes: int
    head_mmac: float
    tail_mmac: float


class Description(msgspec.Struct, frozen=True):
    """A network by its split points, all of them in order."""

    model: str
    split_points: tuple[SplitPointDescription, ...]

    @property
    def last_split_point(self) -> int:
        """The index of the last one."""
        return self.split_points[-1].index


def described(order: PrepareOrder, root: Path | None = None) -> Description | None:
    """A network's cached description; None: there is none yet."""
    found = ArtifactCache(root).find(*_name(order))
    return None if found is None else _read(Path(found.path))


def describe(order: PrepareOrder, progress: Progress, root: Path | None = None) -> Description:
    """A network's split points: from the cache, else by a process of its own.

    Args:
        order: which network; its weights, images and seed play no part.
        progress: is told if something has to be done.
        root: the cache's folder; None: the default one.

    Raises:
        ModelError: it cannot be built, or not be cut. ArtifactError: the cache cannot be written.
    """
    order.about()
    made = ArtifactCache(root).obtain(*_name(order), lambda path: _make(order, path, progress))
    return _read(Path(made.path))


def _name(order: PrepareOrder) -> tuple[str, dict[str, str | int | float | bool | None], str]:
    """Name, key and suffix in the cache."""
    return f"{order.network}-description", dict(key_of(_plain(order))), ".json"


def _plain(order: PrepareOrder) -> PrepareOrder:
    """Without what split points do not depend on."""
    precision = order.about().precision if order.precision == "auto" else order.precision
    plain = replace(order, weights="random", data="", images=0, calibration=0, seed=0)
    plain = replace(plain, precision=precision)
    return replace(plain, data_path="", data_labels="", data_tfds="", data_split="")


def _make(order: PrepareOrder, path: Path, progress: Progress) -> None:
    progress(f"building {order.label} to find its split points")
    answers: list[str] = []
    tried = ""

    def told(line: str) -> None:
        nonlocal tried
        if line.startswith(MARK):
            answers.append(line)
        if line.startswith(TRYING):
            tried = f" ({line})"

    try:
        content = msgspec.json.encode(asdict(_plain(order)))
        run_child(_COUNTERS[order.about().graph], content, told)
    except HostError as error:
        at = tried if str(error).startswith(DIED) else ""
        raise type(error)(f"{order.label} could not be described{at}: {error}") from error
    if not answers:
        raise ModelError(f"{order.label} could not be described: its process gave no answer")
    path.write_text(answers[-1].removeprefix(MARK))


def _read(path: Path) -> Description:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Description)
    except (OSError, msgspec.MsgspecError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}); delete it and start again") from None


def main() -> None:
    """Describe a network as JSON."""
    parser = argparse.ArgumentParser(description="Say where a network can be split.")
    parser.add_argument("--network", required=True, choices=networks.names())
    asked = parser.parse_args()
    found = describe(PrepareOrder(asked.network), lambda what: print(what, file=sys.stderr))
    print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
