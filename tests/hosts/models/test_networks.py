"""The networks: their split points, their random weights, and published ViT weights by name."""

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.datasets import base as datasets
from hosts.models.networks import base as networks

pytestmark = pytest.mark.medium
PHOTOS = 48


def silent(_what: str) -> None:
    pass


def randomised(name: str):
    """A network with random weights, and its outputs on photo crops."""
    found = networks.find(name)
    data = datasets.load("photos", PHOTOS, 24, 0, found.ABOUT.input_shape)
    model = found.build("random", 0, found.preprocess(data.calibration.pixels), silent)
    images = found.preprocess(data.evaluation.pixels)
    outputs = [np.asarray(model(images[i : i + 8])) for i in range(0, PHOTOS, 8)]
    return model, np.concatenate(outputs)


@pytest.mark.parametrize(
    ("name", "last", "parameters"),
    [
        ("vgg16", 22, 138_357_544),
        ("resnet50", 40, 25_636_712),
        ("mobilenet_v2", 75, 3_538_984),
        ("vit_b16", 19, 86_567_656),
    ],
)
def test_a_network_has_its_published_size_and_split_points(name, last, parameters):
    import keras

    from hosts.models.keras_graphs.graph import chosen, cut_points

    about = networks.find(name).ABOUT
    if name == "vit_b16":
        from hosts.models.networks import vit_b16

        model = vit_b16.graph()
    else:
        kinds = {"vgg16": "VGG16", "resnet50": "ResNet50", "mobilenet_v2": "MobileNetV2"}
        model = getattr(keras.applications, kinds[name])(weights=None)
    cuts = cut_points(model)
    split_points = chosen(cuts, about.split_points)
    assert [p.index for p in split_points] == list(range(last + 1))
    assert split_points[-1].shape == (1000,) == (about.classes,)
    assert model.count_params() == parameters


def test_vits_split_points_are_the_published_twenty():
    from hosts.models.keras_graphs.graph import chosen, cut_points
    from hosts.models.networks import vit_b16

    cuts = cut_points(vit_b16.graph())
    points = chosen(cuts, vit_b16.ABOUT.split_points)
    assert len(cuts) > len(points) == 20
    tokens = [(197, 768)] * 15
    patches = [(14, 14, 768), (196, 768)]
    expected = [(224, 224, 3), *patches, *tokens, (768,), (1000,)]
    assert [p.shape for p in points] == expected
    assert [p.name for p in points][5:17] == [f"block_{i}" for i in range(12)]


def test_a_split_point_that_is_no_cut_is_refused():
    import keras

    from hosts.models.keras_graphs.graph import chosen, cut_points

    image = keras.Input((4,), name="image")
    left = keras.layers.Dense(4, name="left")(image)
    sum_ = keras.layers.Add(name="sum")([image, left])
    cuts = cut_points(keras.Model(image, keras.layers.Dense(2, name="out")(sum_)))
    with pytest.raises(ModelError, match=r"\['left'\] asked; the graph's cuts are \['image', 'sum"):
        chosen(cuts, ["image", "left", "out"])
    with pytest.raises(ModelError, match=r"must begin with the input \(image\)"):
        chosen(cuts, ["sum", "out"])


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2"])
def test_random_weights_tell_photo_crops_apart(name):
    _, outputs = randomised(name)
    assert len(set(outputs.argmax(1).tolist())) >= 8
    assert np.median(outputs.max(1)) > 0.2  # not flat
    assert np.isfinite(outputs).all()


@pytest.mark.slow
def test_random_vit_tells_photo_crops_apart():
    _, outputs = randomised("vit_b16")
    assert len(set(outputs.argmax(1).tolist())) >= 8


def test_random_weights_are_seeded_and_keep_activations_in_scale():
    import keras

    from hosts.models.networks._random_weights import randomise

    def drawn(seed):
        keras.utils.set_random_seed(9)
        model = branched()
        randomise(model, seed, images)
        return model

    images = np.random.default_rng(0).normal(0, 1, (16, 16, 16, 3)).astype(np.float32)
    one, again, other = drawn(1), drawn(1), drawn(2)
    np.testing.assert_array_equal(one(images), again(images))
    assert not np.allclose(one(images), other(images))
    names = ["plain", "normed", "depthwise", "shared", "middle"]
    values = keras.Model(one.inputs[0], [one.get_layer(n).output for n in names])(images)
    for name, value in zip(names, values, strict=True):
        assert 0.2 < float(np.std(value)) < 5, name


def branched():
    """Convolutions without bias, a depthwise one, a norm, a layer used twice, and two branches."""
    import keras
    from keras import layers

    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="plain")(image)
    x = layers.BatchNormalization(name="normed")(x)
    x = layers.ReLU(name="relu")(x)
    shared = layers.Conv2D(8, 1, name="shared")
    left = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(shared(x))
    x = layers.Add(name="middle")([left, shared(left)])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.LayerNormalization(name="layer_norm")(x)
    return keras.Model(
        image, layers.Dense(10, activation="softmax", name="out")(x), name="branched"
    )
