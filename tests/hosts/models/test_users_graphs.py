"""Users' graphs of unusual forms: prepared as any other, or refused in words."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hosts.core.errors import ModelError
from hosts.models.networks import base as networks
from hosts.models.prepare.prepare import PrepareOrder, prepare
from tests.hosts.models.making import make_here

pytestmark = pytest.mark.medium


def saved(folder: Path, *, name=None, layer=None, middle=None, named=False, channels=1) -> Path:
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((16, 16, channels))
    tensor = layers.Conv2D(4, 3, name=layer)(image)
    tensor = middle(tensor) if middle else tensor
    tensor = layers.Dense(10)(layers.Flatten()(tensor))
    path = folder / "mine.keras"
    keras.Model(image, {"logits": tensor} if named else tensor, name=name).save(path)
    return path


def ordered(path: Path, **more: object) -> PrepareOrder:
    return PrepareOrder("keras_file", path=str(path), **{"images": 4, "calibration": 4, **more})


def silent(_what: str) -> None:
    pass


def built(path: Path):
    return networks.find("keras_file", str(path)).build("stored", 0, None, silent)


def outputs(model, images: np.ndarray) -> np.ndarray:
    found = model(images)
    return np.asarray(found["logits"] if isinstance(found, dict) else found)


@pytest.mark.parametrize(
    "form",
    [
        {"named": True},
        {"name": "Fashion MNIST", "layer": "_my conv: 1"},
    ],
    ids=["one_output_under_a_name", "names_with_spaces"],
)
@pytest.mark.fault(
    group="networks",
    fault="a Keras graph of an unusual form",
    seen="nothing: it is prepared as any other",
)
def test_an_unusual_form_is_prepared_and_computes_the_same(tmp_path, form):
    import keras

    path = saved(tmp_path, **form)
    manifest = make_here(ordered(path), tmp_path / "cache")
    assert (manifest.classes, manifest.last_split_point) == (10, 3)
    images = np.random.default_rng(0).random((2, 16, 16, 1), dtype=np.float32)
    stored = keras.models.load_model(path, compile=False)
    np.testing.assert_allclose(
        outputs(built(path), images), outputs(stored, images), rtol=1e-5, atol=1e-6
    )


def test_names_that_become_the_same_stay_two(tmp_path):
    from keras import layers

    path = saved(tmp_path, layer="a b", middle=layers.ReLU(name="a_b"))
    names = [layer.name for layer in built(path).layers]
    assert len(set(names)) == len(names)
    assert "a_b" in names


def test_mixed_precision_is_converted_in_float32(tmp_path):
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    try:
        path = saved(tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")
    stored = keras.models.load_model(path, compile=False)
    assert stored.layers[1].compute_dtype == "float16"
    model = built(path)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    for one, other in zip(model.get_weights(), stored.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert make_here(ordered(path), tmp_path / "cache").last_split_point == 3


def looped(tensor):
    from keras import layers

    return layers.Reshape((1, 1, 8))(layers.GRU(8)(layers.Reshape((14, 56))(tensor)))


@pytest.mark.fault(
    group="networks",
    fault="a Keras graph that cannot be converted",
    seen="why not: `GRU layers ... ended by SIGSEGV`",
)
def test_a_converter_that_dies_is_named_with_its_signal_and_the_layers(tmp_path):
    path = saved(tmp_path, middle=looped)
    with pytest.raises(ModelError, match=r"to int8, which has GRU layers.*ended by SIGSEGV"):
        prepare(ordered(path, precision="int8"), silent, tmp_path / "cache")


def test_a_loop_whose_tensors_cannot_be_read_is_named(tmp_path):
    path = saved(tmp_path, middle=looped)
    with pytest.raises(ModelError, match=r"float32 file, .*: its GRU layers become loops"):
        make_here(ordered(path, precision="float32"), tmp_path / "cache")


def test_four_channels_take_rgba_files_and_two_are_refused(tmp_path):
    from PIL import Image

    path = saved(tmp_path, channels=4)
    for label in range(10):
        folder = tmp_path / "mine" / f"class_{label}"
        folder.mkdir(parents=True)
        Image.new("RGBA", (20, 20), (label, 20, 30, 128)).save(folder / "one.png")
    mine = {"data": "imagenet_folder", "data_path": str(tmp_path / "mine")}
    manifest = make_here(ordered(path, **mine), tmp_path / "cache")
    with np.load(manifest.artifacts["images"].path) as files:
        assert files["images"].shape == (4, 16, 16, 4)
        assert np.all(files["images"][..., 3] == 128)
    two = ordered(saved(tmp_path, channels=2), **mine)
    with pytest.raises(ModelError, match=r"takes images of 2 channels; .* made into 1, 3, 4"):
        make_here(two, tmp_path / "cache")


def test_what_was_moved_is_prepared_to_the_same_files(tmp_path):
    """So a run is known by them wherever network and images lie, and whenever they were copied."""
    here = tmp_path / "here"
    here.mkdir()
    network = saved(here, channels=3)
    for shade in range(9):
        picture = here / "images" / f"{shade % 3}" / f"{shade}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (20 * shade,) * 3).save(picture)
    there = tmp_path / "there"
    shutil.copytree(here, there, copy_function=shutil.copyfile)  # with times of their own
    hashes = []
    for place in (here, there):
        images = {"data": "imagenet_folder", "data_path": str(place / "images")}
        order = ordered(place / network.name, **images)
        made = make_here(order, tmp_path / f"cache_{place.name}")
        hashes.append({name: file.sha256 for name, file in made.artifacts.items()})
    assert hashes[0] == hashes[1]
