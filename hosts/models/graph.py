"""Where a Keras graph can be cut: wherever exactly one tensor is alive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hosts.errors import ModelError

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


def cut_points(model: keras.Model) -> list[CutPoint]:
    """All cuts of a functional graph with one input and one output, in topological order.

    After each operation the tensors that a later one still needs are counted; where it is just
    the one made last, the graph can be cut there.

    Raises:
        ModelError: no functional graph, or several inputs or outputs.
    """
    _check(model)
    operations = list(model.operations)
    last_use = _last_uses(operations)
    output = id(model.outputs[0])
    last_use[output] = len(operations)
    alive: set[int] = set()
    cuts: list[CutPoint] = []
    for step, operation in enumerate(operations):
        made = _tensors(operation.output)
        alive |= {id(t) for t in made}
        alive = {t for t in alive if last_use.get(t, -1) > step}
        if len(made) == 1 and alive == {id(made[0])}:
            shape = tuple(int(size) for size in made[0].shape[1:])
            cuts.append(CutPoint(len(cuts), operation.name, shape, made[0]))
        if id(made[0]) == output:
            break
    return cuts


def tail_of(model: keras.Model, cuts: list[CutPoint], split_point: int) -> keras.Model:
    """The part from a cut to the output; shares the whole's weights."""
    import keras

    if split_point == 0:
        return model
    return keras.Model(cuts[split_point].tensor, model.outputs[0])


def _check(model: Any) -> None:
    if not hasattr(model, "operations") or not hasattr(model, "outputs"):
        raise ModelError(f"a functional Keras graph expected, found {type(model).__name__}")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "only graphs with one of each can be cut"
        )


def _last_uses(operations: list[Any]) -> dict[int, int]:
    last: dict[int, int] = {}
    for step, operation in enumerate(operations):
        if type(operation).__name__ == "InputLayer":
            continue
        for tensor in _tensors(operation.input):
            last[id(tensor)] = step
    return last


def _tensors(nested: Any) -> list[Any]:
    import keras

    return [t for t in keras.tree.flatten(nested) if t is not None]
