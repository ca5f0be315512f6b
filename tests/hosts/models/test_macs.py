"""Multiply-accumulates: known totals, layer by layer, and against TensorFlow's own counts."""

import pytest

from hosts.models.keras_graphs.graph import cut_points
from hosts.models.prepare.macs import mmac_by_cut

pytestmark = pytest.mark.medium


def total_mmac(inputs, outputs) -> float:
    import keras

    model = keras.Model(inputs, outputs)
    cuts = cut_points(model)
    found = mmac_by_cut(model, cuts)
    assert found[0] == (0.0, found[-1][0])
    assert found[-1][1] == 0.0
    return found[-1][0]


# Totals: VGG16 of arXiv 1409.1556 by hand; the others as their authors' tables round them.
@pytest.mark.parametrize(
    ("name", "expected", "tolerance"),
    [("VGG16", 15_470, 0.001), ("ResNet50", 3_860, 0.01), ("MobileNetV2", 300, 0.01)],
)
def test_the_published_networks_have_their_totals(name, expected, tolerance):
    import keras

    model = getattr(keras.applications, name)(weights=None)
    cuts = cut_points(model)
    found = mmac_by_cut(model, cuts)
    heads = [head for head, _ in found]
    assert heads == sorted(heads)
    assert all(abs(head + tail - heads[-1]) < 1e-6 for head, tail in found)
    assert heads[-1] == pytest.approx(expected, rel=tolerance)


def test_vgg16_by_layers():
    """Height x width x 9 x channels in x channels out, and inputs x outputs."""
    import keras

    model = keras.applications.VGG16(weights=None)
    cuts = cut_points(model)
    heads = [head for head, _ in mmac_by_cut(model, cuts)]
    assert heads[1] == pytest.approx(224 * 224 * 9 * 3 * 64 / 1e6)
    assert heads[2] - heads[1] == pytest.approx(224 * 224 * 9 * 64 * 64 / 1e6)
    assert heads[3] == heads[2]
    assert heads[20] - heads[19] == pytest.approx(25088 * 4096 / 1e6)
    assert heads[22] - heads[21] == pytest.approx(4096 * 1000 / 1e6)


def test_some_of_the_cuts_have_the_same_figures():
    import keras

    model = keras.applications.MobileNetV2(weights=None)
    cuts = cut_points(model)
    every = mmac_by_cut(model, cuts)
    some = mmac_by_cut(model, cuts[3:60:7])
    for found, expected in zip(some, every[3:60:7], strict=True):
        assert found == pytest.approx(expected)


def test_attention_counts_its_products():
    import keras

    tokens, width, heads = 10, 32, 4
    x = keras.Input((tokens, width))
    attended = keras.layers.MultiHeadAttention(heads, width // heads)(x, x)
    by_hand = 4 * tokens * width * width + 2 * tokens * tokens * width
    assert total_mmac(x, attended) == pytest.approx(by_hand / 1e6)


def test_grouped_transposed_and_separable_convolutions():
    import keras

    layers = keras.layers
    x = keras.Input((8, 8, 6))
    grouped = layers.Conv2D(4, 3, padding="same", groups=2)(x)
    assert total_mmac(x, grouped) == pytest.approx(8 * 8 * 4 * 9 * 3 / 1e6)
    transposed = layers.Conv2DTranspose(5, 3, strides=2, padding="same")(x)
    assert total_mmac(x, transposed) == pytest.approx(8 * 8 * 6 * 9 * 5 / 1e6)
    separable = layers.SeparableConv2D(7, 3, padding="same")(x)
    assert total_mmac(x, separable) == pytest.approx((8 * 8 * 6 * 9 + 8 * 8 * 6 * 7) / 1e6)


def test_it_is_half_of_what_tensorflow_counts():
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.ops import get_stats_for_node_def

    model = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3))
    traced = tf.function(lambda x: model(x, training=False), autograph=False)
    graph = traced.get_concrete_function(tf.TensorSpec((1, 96, 96, 3))).graph
    counted = sum(
        get_stats_for_node_def(graph, node, "flops").value or 0
        for node in graph.as_graph_def().node
        if node.op in ("Conv2D", "DepthwiseConv2dNative", "MatMul")
    )
    assert mmac_by_cut(model, cut_points(model)[-1:])[0][0] == pytest.approx(counted / 2e6)


def test_an_unknown_size_is_named():
    import keras

    from hosts.core.errors import ModelError

    x = keras.Input((None, None, 3))
    model = keras.Model(x, keras.layers.Conv2D(4, 3)(x))
    with pytest.raises(ModelError, match="fixed sizes"):
        mmac_by_cut(model, [])
