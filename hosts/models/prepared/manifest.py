"""The manifest of a prepared network: split points and files. Imports no framework."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class SplitPoint(msgspec.Struct, frozen=True):
    """One place where the network can be cut.

    Attributes:
        index: 0 is before the first operation, the last after the last.
        name: of the operation whose output is the intermediate tensor.
        shape: of that tensor, without the batch dimension.
        bytes: as it is sent; at the last split point nothing is.
        artifact: the file that the head is cut from: `head` or, where LiteRT's converter fused
            the tensor away, a file of its own `head_<index>`; None for the input.
        tensor: its index in that file; None for the input, and where tensors have names (ONNX).
        dtype: of its elements as they are sent: `int8` or `float32`.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    bytes: int
    artifact: str | None = None
    tensor: int | None = None
    dtype: str = "float32"


class Artifact(msgspec.Struct, frozen=True):
    """A file, and what proves its content."""

    path: str
    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True):
    """A network made ready to run.

    Attributes:
        network: its name. weights: `imagenet`, `random`, `trained`, `stored` (in a Keras file), or
            the name of the file that they came from.
        precision: of the heads: `int8`, `float32`, or `float16` (their weights only: what they
            compute and send is float32).
        quality: `accuracy` where labels and learned weights exist, else `fidelity`.
        classes: how many. images: how many evaluation images.
        last_split_point: the index of the last split point.
        split_points: all of them in order.
        artifacts: `head` (LiteRT file of the whole network), `head_<index>` (of single heads),
            `tail` (Keras file), `images` (npz: images (n, ...) float32, reference_top1 (n,),
            labels (n,) where known), `reference` (npz: outputs (n, classes) float32 of the
            unsplit network). Of ONNX networks `head` and `tail` are graphs, whose weights are
            `head_weights` and `tail_weights`.
        graph: the kind of network, which says what runtimes compute it: `keras`, with heads in
            LiteRT files, or `onnx`.
    """

    network: str
    weights: str
    precision: str
    quality: str
    classes: int
    images: int
    last_split_point: int
    split_points: tuple[SplitPoint, ...]
    artifacts: dict[str, Artifact]
    graph: str = "keras"


def parts(role: str, artifacts: Iterable[str]) -> list[str]:
    """The files of a network that a host needs: the cloud its tails, the edge the others.

    Both judge outputs by the reference.
    """
    cloud = ("tail", "tail_weights", "reference")
    edge = [name for name in artifacts if not name.startswith("tail")]
    return [name for name in artifacts if name in cloud] if role == "cloud" else edge
