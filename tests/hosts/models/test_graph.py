"""Cut points: where exactly one tensor is alive, against a brute-force search."""

import random

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.keras_graphs.graph import cut_points, tail_of
from tests.bench.graphs import application, brute_force

pytestmark = pytest.mark.medium


def random_graph(seed: int):
    import keras

    choose = random.Random(seed)
    tensors = [keras.Input((4,))]
    shared = keras.layers.Dense(4, name="shared")  # in one graph several times, or never
    for _ in range(choose.randint(2, 9)):
        one = choose.choice(tensors[-2:])
        if choose.random() < 0.2:
            made = shared(one)
        elif choose.random() < 0.4 and len(tensors) > 1:
            other = choose.choice(tensors[-3:])
            made = keras.layers.Add()([one, other]) if one is not other else one * 2.0
        else:
            made = keras.layers.Dense(4, activation="tanh")(one)
        tensors.append(made)
    return keras.Model(tensors[0], tensors[-1])


@pytest.mark.parametrize("seed", range(40))
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


def test_a_layer_called_outside_the_graph_or_twice_in_it_is_cut_where_it_is_called():
    import keras

    layer = keras.layers.Dense(4, name="twice")
    layer(keras.Input((4,)))  # of another graph
    image = keras.Input((4,), name="image")
    model = keras.Model(image, keras.layers.ReLU(name="end")(layer(layer(image))))
    cuts = cut_points(model)
    assert [c.name for c in cuts] == ["image", "twice", "twice:1", "end"]
    values = np.ones((1, 4), np.float32)
    np.testing.assert_array_equal(tail_of(model, cuts, 1)(layer(values)), model(values))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *(("VGG16", 23), ("ResNet50", 41), ("MobileNetV2", 76)),
        *((name, None) for name in ("ConvNeXtTiny", "DenseNet121", "Xception")),
    ],
)
def test_published_networks_have_their_cuts_and_those_of_a_brute_force_search(name, count):
    model = application(name)
    cuts = cut_points(model)
    assert [c.name for c in cuts] == brute_force(model)
    assert count in (None, len(cuts))
    assert cuts[-1].tensor is model.outputs[0]


def test_several_inputs_cannot_be_cut():
    import keras

    one, two = keras.Input((4,)), keras.Input((4,))
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        cut_points(keras.Model([one, two], one + two))


def test_something_else_than_a_graph_is_refused():
    with pytest.raises(ModelError, match="functional Keras graph expected, found dict"):
        cut_points({})
