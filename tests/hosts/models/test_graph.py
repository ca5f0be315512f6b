"""Cut points: where exactly one tensor is alive, against a brute-force search."""

import random

import numpy as np
import pytest

from hosts.errors import ModelError
from hosts.models.graph import cut_points, tail_of

pytestmark = pytest.mark.medium


def random_graph(seed: int):
    import keras

    choose = random.Random(seed)
    tensors = [keras.Input((4,))]
    for _ in range(choose.randint(2, 9)):
        one = choose.choice(tensors[-2:])
        if choose.random() < 0.4 and len(tensors) > 1:
            other = choose.choice(tensors[-3:])
            made = keras.layers.Add()([one, other]) if one is not other else one * 2.0
        else:
            made = keras.layers.Dense(4, activation="tanh")(one)
        tensors.append(made)
    return keras.Model(tensors[0], tensors[-1])


def brute_force(model) -> list[str]:
    """Names of the operations whose output alone determines the network's output.

    An edge list is made, and each operation's output is removed in turn: it is a cut where the
    output cannot be reached from the input any more, and it lies on a path to the output.
    """
    import keras

    made_by, needs = {}, {}
    for operation in model.operations:
        for tensor in keras.tree.flatten(operation.output):
            made_by[id(tensor)] = operation
        inputs = [] if type(operation).__name__ == "InputLayer" else operation.input
        needs[operation] = [id(t) for t in keras.tree.flatten(inputs)]

    def reaches_input(removed) -> bool:
        todo, seen = [made_by[id(model.outputs[0])]], set()
        while todo:
            operation = todo.pop()
            if operation is removed or operation in seen:
                continue
            seen.add(operation)
            if not needs[operation]:
                return True
            todo += [made_by[t] for t in needs[operation]]
        return False

    return [o.name for o in model.operations if not reaches_input(o)]


@pytest.mark.parametrize("seed", range(12))
def test_cuts_of_random_graphs_are_those_of_a_brute_force_search(seed):
    model = random_graph(seed)
    assert [c.name for c in cut_points(model)] == brute_force(model)


@pytest.mark.parametrize("seed", range(4))
def test_a_tail_computes_what_the_whole_does(seed):
    import keras

    model = random_graph(seed)
    cuts = cut_points(model)
    images = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    whole = model(images)
    for cut in cuts[:-1]:
        tensor = keras.Model(model.inputs[0], cut.tensor)(images) if cut.index else images
        np.testing.assert_array_equal(tail_of(model, cuts, cut.index)(tensor), whole)


@pytest.mark.parametrize(("name", "count"), [("VGG16", 23), ("MobileNetV2", 76)])
def test_the_published_networks_have_their_number_of_cuts(name, count):
    import keras

    cuts = cut_points(getattr(keras.applications, name)(weights=None))
    assert len(cuts) == count
    assert cuts[-1].name == "predictions"


def test_several_inputs_cannot_be_cut():
    import keras

    one, two = keras.Input((4,)), keras.Input((4,))
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        cut_points(keras.Model([one, two], one + two))


def test_something_else_than_a_graph_is_refused():
    with pytest.raises(ModelError, match="functional Keras graph expected, found dict"):
        cut_points({})
