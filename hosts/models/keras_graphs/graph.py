"""Cut points of a Keras graph: wherever exactly one tensor is alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hosts.core.errors import ModelError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class CutPoint:
    """One cut.

    Attributes:
        index: 0 is the input, the last one the output.
        name: of the operation that makes the tensor.
        shape: of the tensor, without the batch dimension.
        tensor: the symbolic tensor itself.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    tensor: Any


@dataclass(frozen=True)
class Call:
    """One call of an operation in a graph; a shared layer has several.

    Attributes:
        operation: the layer, or another Keras operation.
        name: the operation's; from its second call on with `:1`, `:2`...
        inputs: symbolic tensors that it takes. outputs: those that it makes.
        arguments: Keras' record of how it was called.
    """

    operation: Any
    name: str
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    arguments: Any


def calls(model: keras.Model) -> list[Call]:
    """The calls that a graph consists of, in topological order, its input first.

    Raises:
        ModelError: no functional graph, or several inputs or outputs.
    """
    _check(model)
    by_depth = model._nodes_by_depth  # the only record of calls that belong to this graph
    found: list[Call] = []
    times: dict[int, int] = {}
    for depth in sorted(by_depth, reverse=True):
        for node in by_depth[depth]:
            before = times.get(id(node.operation), 0)
            times[id(node.operation)] = before + 1
            name = f"{node.operation.name}:{before}" if before else node.operation.name
            inputs, outputs = tuple(node.input_tensors), tuple(node.outputs)
            found.append(Call(node.operation, name, inputs, outputs, node.arguments))
    return found


def cut_points(model: keras.Model) -> list[CutPoint]:
    """All cuts of a functional graph with one input and one output, in topological order.

    After each call the tensors that a later one still needs are counted; where it is just
    the one made last, the graph can be cut there.

    Raises:
        ModelError: no functional graph, or several inputs or outputs.
    """
    made_by = calls(model)
    last_use = {id(t): step for step, call in enumerate(made_by) for t in call.inputs}
    output = id(model.outputs[0])
    last_use[output] = len(made_by)
    alive: set[int] = set()
    cuts: list[CutPoint] = []
    for step, call in enumerate(made_by):
        alive |= {id(t) for t in call.outputs}
        alive = {t for t in alive if last_use.get(t, -1) > step}
        made = call.outputs[0]
        if alive == {id(made)}:
            shape = tuple(int(size) for size in made.shape[1:])
            cuts.append(CutPoint(len(cuts), call.name, shape, made))
        if output in {id(t) for t in call.outputs}:
            break
    return cuts


def chosen(cuts: list[CutPoint], names: Sequence[str]) -> list[CutPoint]:
    """The cuts of these names, numbered anew from 0; all of them if no name is given.

    Raises:
        ModelError: a name is no cut, or the input or the output is left out.
    """
    if not names:
        return cuts
    by_name = {cut.name: cut for cut in cuts}
    if strangers := [name for name in names if name not in by_name]:
        raise ModelError(f"split points {strangers} asked; the graph's cuts are {list(by_name)}")
    kept = sorted((by_name[name] for name in names), key=lambda cut: cut.index)
    if kept[0] is not cuts[0] or kept[-1] is not cuts[-1]:
        raise ModelError(
            f"split points must begin with the input ({cuts[0].name}) and end with the output "
            f"({cuts[-1].name}); asked: {kept[0].name} to {kept[-1].name}"
        )
    return [replace(cut, index=index) for index, cut in enumerate(kept)]


def tail_of(model: keras.Model, cuts: list[CutPoint], split_point: int) -> keras.Model:
    """The part from a cut to the output; shares the whole's weights."""
    import keras

    if split_point == 0:
        return model
    cut = cuts[split_point]
    try:
        return keras.Model(cut.tensor, model.outputs[0])
    except ValueError:  # Keras loses its way where a layer before the cut is called after it too
        return _called_again(model, cut)


def _called_again(model: keras.Model, cut: CutPoint) -> keras.Model:
    import keras

    start = keras.Input(cut.shape, dtype=cut.tensor.dtype)
    values: dict[int, Any] = {id(cut.tensor): start}
    for call in calls(model):
        if call.inputs and all(id(t) in values for t in call.inputs):
            arguments, options = call.arguments.fill_in(values)
            made = keras.tree.flatten(call.operation(*arguments, **options))
            values.update(zip(map(id, call.outputs), made, strict=True))
    return keras.Model(start, values[id(model.outputs[0])])


def _check(model: Any) -> None:
    if not hasattr(model, "operations") or not hasattr(model, "outputs"):
        raise ModelError(f"a functional Keras graph expected, found {type(model).__name__}")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "only graphs with one of each can be cut"
        )
