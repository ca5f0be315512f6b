"""What a prepared network is: its split points and its files. Light: imports no framework."""

from __future__ import annotations

import msgspec


class SplitPoint(msgspec.Struct, frozen=True):
    """One place where the network can be cut.

    Attributes:
        index: 0 is before the first operation, the last after the last.
        name: of the operation whose output is the intermediate tensor.
        shape: of that tensor, without the batch dimension.
        bytes: as it is sent; at the last split point nothing is.
        tensor: its index in the LiteRT file of the whole network; None for the input.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    bytes: int
    tensor: int | None = None


class Artifact(msgspec.Struct, frozen=True):
    """A file, and what proves its content."""

    path: str
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """A network made ready to run.

    Attributes:
        network: its name. weights: `imagenet`, `random` or `trained`.
        quality: `accuracy` where labels and learned weights exist, else `fidelity`.
        classes: how many. images: how many evaluation images.
        last_split_point: the index of the last split point.
        split_points: all of them in order.
        artifacts: `head` (LiteRT file of the whole network), `tail` (Keras file), `images`
            (npz: images (n, ...) float32, reference_top1 (n,), labels (n,) where known),
            `reference` (npz: outputs (n, classes) float32 of the unsplit network).
    """

    network: str
    weights: str
    quality: str
    classes: int
    images: int
    last_split_point: int
    split_points: tuple[SplitPoint, ...]
    artifacts: dict[str, Artifact]
