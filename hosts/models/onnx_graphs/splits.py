"""The split points of an ONNX graph, found by what crosses and by computing it once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.checks import Ends, check_classes
from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.graph import crossing
from hosts.models.onnx_graphs.sessions import values

_SAME = 1e-3  # of the largest output: rounding differs with the batch


@dataclass(frozen=True)
class OnnxCut:
    """One cut.

    Attributes:
        index: 0 is the input, the last one the output.
        name: of the tensor.
        shape: of the tensor, without the batch dimension.
        nodes_before: how many of the needed nodes are before it.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    nodes_before: int


@dataclass(frozen=True)
class Splits:
    """The cuts of a graph in order; `batches` is true if it takes several images at once."""

    cuts: tuple[OnnxCut, ...]
    batches: bool


def splits(graph: Graph, ends: Ends, path: Path) -> Splits:
    """The split points: float tensors that cross alone, image by image.

    The graph is computed on made-up images, one and two at once; so shapes are those that it
    really has, and a batch that it only claims to take is not believed.

    Args:
        graph: the whole network.
        ends: of it.
        path: of its file, for messages.

    Raises:
        ModelError: it cannot be computed, or gives no classes.
    """
    found = crossing(graph.model.graph)
    names = [name for name, _ in found]
    images = made_up(ends, 2)
    one = _computed(graph, images[:1], names, path)
    check_classes(one[graph.output].shape[1:], path)
    if not np.isfinite(one[graph.output]).all():
        raise ModelError(f"{path} gives no finite values for an image of pixels 0..1")
    two = None if ends.is_single else _of_two(graph, images, names, one)
    cuts: list[OnnxCut] = []
    for name, before in found:
        made = one[name]
        fits = made.dtype == np.float32 and made.ndim > 0 and len(made) == 1
        if fits and (two is None or two[name].shape == (2, *made.shape[1:])):
            cuts.append(OnnxCut(len(cuts), name, made.shape[1:], before))
    return Splits(tuple(cuts), two is not None)


def made_up(ends: Ends, images: int) -> npt.NDArray[np.float32]:
    """Seeded images of pixels 0..1, as the graph takes them."""
    height, width, channels = ends.shape
    shape = (channels, height, width) if ends.layout == "NCHW" else ends.shape
    return np.random.default_rng(0).random((images, *shape), dtype=np.float32)


def _computed(
    graph: Graph, images: npt.NDArray[np.float32], names: list[str], path: Path
) -> dict[str, npt.NDArray[Any]]:
    try:
        return values(graph.model, graph.folder, {graph.image: images}, names)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _of_two(
    graph: Graph, images: npt.NDArray[np.float32], names: list[str], one: dict[str, Any]
) -> dict[str, npt.NDArray[Any]] | None:
    """The tensors for two images at once; None: it does not take them, or mixes them."""
    try:
        two = values(graph.model, graph.folder, {graph.image: images}, names)
    except ModelError:
        return None
    alone, together = one[graph.output], two[graph.output]
    if together.shape != (2, *alone.shape[1:]):
        return None
    error = float(np.abs(together[:1] - alone).max())
    return two if error <= _SAME * float(np.abs(alone).max()) else None
