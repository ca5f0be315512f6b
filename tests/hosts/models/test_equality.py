"""float32 heads and their tails against the unsplit network, at every split point."""

from pathlib import Path

import numpy as np
import pytest

from hosts.models.heads import Heads
from hosts.models.prepare import Order, prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CLOSE = 1e-4  # of the largest output


def silent(_what: str) -> None:
    pass


def check_every_split_point(manifest) -> None:
    from hosts.models.tails import Tails

    assert (manifest.precision, manifest.split_points[1].dtype) == ("float32", "float32")
    heads = Heads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = Tails.open(Path(manifest.artifacts["tail"].path), manifest)
    images = np.load(manifest.artifacts["images"].path)["images"]
    outputs = [tails.run(0, image[np.newaxis], None, None) for image in images]
    image, expected = min(zip(images, outputs, strict=True), key=lambda pair: pair[1].max())
    assert expected.max() < 0.98  # a saturated softmax would hide differences
    last, worst = manifest.last_split_point, {}
    for point in manifest.split_points:
        tensor = heads.run(point.index, image)
        if point.index == last:
            outputs = tensor.array[0]
        else:
            assert tensor.array.nbytes == point.bytes
            outputs = tails.run(point.index, *tensor)
        worst[point.index] = float(np.abs(outputs - expected).max() / np.abs(expected).max())
    print(f"{manifest.network}: {last + 1} split points, off by at most {max(worst.values()):.1e}")
    assert {k: error for k, error in worst.items() if error > CLOSE} == {}


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "mobilenet_v2", "vit_b16"])
def test_float32_heads_and_tails_give_the_unsplit_networks_outputs(name, tmp_path):
    order = Order(name, weights="random", precision="float32", images=12)
    check_every_split_point(prepare(order, silent, tmp_path))


@pytest.mark.parametrize(
    ("kind", "side", "scaling"),
    [("ConvNeXtTiny", 64, "none"), ("DenseNet121", 64, "unit"), ("Xception", 96, "unit")],
)
def test_so_do_those_of_other_graphs_from_a_keras_file(kind, side, scaling, tmp_path):
    import keras

    keras.utils.set_random_seed(5)
    model = getattr(keras.applications, kind)(
        weights=None, input_shape=(side, side, 3), classes=100
    )
    model.save(tmp_path / "model.keras")
    order = Order(
        "keras_file",
        weights="random",
        precision="float32",
        images=12,
        path=str(tmp_path / "model.keras"),
        scaling=scaling,
    )
    check_every_split_point(prepare(order, silent, tmp_path))
