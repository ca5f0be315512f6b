"""A network of an ONNX file, read, checked, made plain and found to be computable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hosts.models.onnx_graphs.checks import Ends, check, check_values
from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.files import read
from hosts.models.onnx_graphs.plain import WEIGHTS, plain, with_shapes, write_graph, write_weights
from hosts.models.onnx_graphs.splits import Splits, splits


@dataclass(frozen=True)
class Whole:
    """A network that can be split.

    Attributes:
        graph: in float32, with the shapes of its cuts. ends: of it.
        splits: its cuts. graph_path: its file. weights_path: of its weights.
    """

    graph: Graph
    ends: Ends
    splits: Splits
    graph_path: Path
    weights_path: Path


def whole_of(path: Path, folder: Path) -> Whole:
    """Read a network's file, and write it in this project's form.

    Args:
        path: of the `.onnx` file.
        folder: where both new files go.

    Raises:
        ModelError: what stands against it being split, in one line.
    """
    model = read(path, with_weights=True)
    ends = check(model, path)
    check_values(model, path)
    graph_path, weights_path = folder / "graph.onnx", folder / WEIGHTS
    model = plain(model, ends)
    write_weights(model, weights_path)
    found = splits(Graph(model, weights_path), ends, path)
    with_shapes(model, {cut.name: cut.shape for cut in found.cuts}, found.batches)
    write_graph(model, graph_path)
    return Whole(Graph(model, weights_path), ends, found, graph_path, weights_path)
