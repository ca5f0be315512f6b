"""Cut points of an ONNX graph: wherever one tensor alone crosses from the image to the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def needed_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes between input and output: made of the image, and needed for the classes.

    What is made of constants alone is left out: each side of a cut has it for itself.
    """
    made = {graph.input[0].name}
    after: list[onnx.NodeProto] = []
    for node in graph.node:  # which are in topological order
        if not made.isdisjoint(node.input):
            made.update(filter(None, node.output))
            after.append(node)
    needed = {graph.output[0].name}
    found: list[onnx.NodeProto] = []
    for node in reversed(after):
        if not needed.isdisjoint(node.output):
            needed.update(name for name in node.input if name in made)
            found.append(node)
    return found[::-1]


def crossing(graph: onnx.GraphProto) -> list[tuple[str, int]]:
    """The tensors that cross alone, in order, each with how many needed nodes are before it.

    The first is the input, the last the output. After each node the tensors that a later one still
    needs are counted; where it is just the one made last, the graph can be cut there.
    """
    nodes = needed_nodes(graph)
    image, output = graph.input[0].name, graph.output[0].name
    last_use = {name: step for step, node in enumerate(nodes) for name in node.input}
    last_use[output] = len(nodes)
    alive, found = {image}, [(image, 0)]
    for step, node in enumerate(nodes):
        alive.update(name for name in node.output if name)
        alive = {name for name in alive if last_use.get(name, -1) > step}
        if len(alive) == 1 and (name := next(iter(alive))) in node.output:
            found.append((name, step + 1))
    return found
