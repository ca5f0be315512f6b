"""Weights on eight-bit steps: outputs stay nearer than by plain rounding, and files keep them."""

import numpy as np
import pytest

from hosts.models.prepare.rounding import holding, on_steps, rounded_kernels

CONVOLUTIONS = ("stem", "deep", "wide")


def plainly(weights):
    """(groups, in, out), each to the nearest step."""
    steps = np.abs(weights).max(axis=1, keepdims=True) / 127
    return np.round(weights / steps) * steps


def test_errors_make_up_for_each_other_where_inputs_are_alike():
    random = np.random.default_rng(0)
    weights = random.normal(size=(2, 40, 6))
    seen = random.normal(size=(2, 40, 500)) + 3.0  # alike from place to place, as after ReLU
    found = on_steps(weights, seen @ seen.transpose(0, 2, 1))
    steps = np.abs(weights).max(axis=1, keepdims=True) / 127
    counts = found / steps
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-9)
    assert (np.abs(counts).max(axis=1).round() == 127).all()  # so the converter finds these steps

    def error(one):
        return np.sqrt((((one - weights).transpose(0, 2, 1) @ seen) ** 2).mean())

    assert error(found) < 0.5 * error(plainly(weights))
    assert np.abs(found - weights).max() < 20 * steps.max()


def test_channels_of_zeros_and_inputs_that_never_come_stay():
    weights = np.zeros((1, 4, 2))
    weights[0, :, 1] = [1.0, 0.4, -0.3, 0.2]
    found = on_steps(weights, np.zeros((1, 4, 4)))
    np.testing.assert_array_equal(found[0, :, 0], 0)
    np.testing.assert_allclose(found, plainly(np.where(weights, weights, 1e-30)), atol=1 / 127)


@pytest.fixture(scope="module")
def model():
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    image = keras.Input((20, 20, 3))
    x = layers.Conv2D(8, 3, 2, "same", use_bias=False, name="stem")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="valid", name="deep", activation="relu")(x)
    x = layers.Conv2D(12, 1, name="wide")(x)
    x = layers.Dense(5, name="end")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, x)


@pytest.fixture(scope="module")
def images():
    return (np.random.default_rng(1).random((40, 20, 20, 3)) * 4).astype(np.float32)


@pytest.fixture(scope="module")
def kernels(model, images):
    return rounded_kernels(model, images[:24])


@pytest.mark.medium
def test_a_network_keeps_its_outputs_better_and_its_own_weights(model, images, kernels):
    assert tuple(kernels) == CONVOLUTIONS
    before = {name: np.asarray(model.get_layer(name).kernel) for name in kernels}
    expected = np.asarray(model(images))
    plain = {}
    for name, kernel in before.items():
        over = (0, 1) if name == "deep" else (0, 1, 2)
        steps = np.abs(kernel).max(axis=over, keepdims=True) / 127
        plain[name] = (np.round(kernel / steps) * steps).astype(np.float32)
    errors = []
    for one in (kernels, plain):
        with holding(model, one):
            errors.append(np.abs(np.asarray(model(images)) - expected).mean())
    assert errors[0] < 0.5 * errors[1]
    for name, kernel in before.items():
        np.testing.assert_array_equal(np.asarray(model.get_layer(name).kernel), kernel)


@pytest.mark.medium
def test_the_file_holds_the_very_steps(model, images, kernels):
    from ai_edge_litert import schema_py_generated as schema

    from hosts.models.prepare.litert import convert
    from hosts.models.runtimes.litert import flatbuffer

    with holding(model, kernels):
        read = flatbuffer.parse(convert(model, "int8", images[:8]))
    graph = read.subgraphs[0]
    kinds = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
    convolutions = [
        o for o in graph.operators if read.operatorCodes[o.opcodeIndex].builtinCode in kinds
    ]
    for name, operator in zip(CONVOLUTIONS, convolutions, strict=True):
        tensor = graph.tensors[int(operator.inputs[1])]
        held = read.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape)
        kernel = kernels[name]
        over = (0, 1) if name == "deep" else (0, 1, 2)
        counts = np.round(kernel / (np.abs(kernel).max(axis=over, keepdims=True) / 127))
        by_file = counts.transpose(2, 3, 0, 1) if name == "deep" else counts.transpose(3, 0, 1, 2)
        expected = (
            by_file.reshape(8, 3, 3).transpose(1, 2, 0)[np.newaxis] if name == "deep" else by_file
        )
        np.testing.assert_array_equal(held, expected, err_msg=name)
