"""Users' graphs of unusual forms: prepared as any other, or refused in words."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hosts.core.errors import ModelError
from hosts.models.networks import base as networks
from hosts.models.prepare import child, convertible, litert
from hosts.models.prepare.count_work import description_of
from hosts.models.prepare.prepare import PrepareOrder
from hosts.models.runtimes.litert.heads import LiteRtHeads
from hosts.models.runtimes.tensorflow.tails import TensorFlowTails
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


def recurrent(kind, **options):
    from keras import layers

    def middle(tensor):
        rows = layers.Reshape((14, 56))(tensor)
        return (
            layers.Bidirectional(kind(8, **options))(rows)
            if kind is layers.LSTM
            else kind(8, **options)(rows)
        )

    return middle


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize(("kind", "points"), [("GRU", 8), ("LSTM", 16)])
def test_recurrent_layers_are_written_out_step_by_step(tmp_path, kind, points, precision):
    """As loops the converter dies of them, or leaves tensors that nobody can read."""
    import keras

    path = saved(tmp_path, middle=recurrent(getattr(keras.layers, kind)))
    manifest = make_here(ordered(path, precision=precision, calibration=8), tmp_path / "cache")
    assert [point.shape for point in manifest.split_points][-2:] == [(points,), (10,)]
    stored = keras.models.load_model(path, compile=False)
    heads = LiteRtHeads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = TensorFlowTails.open(Path(manifest.artifacts["tail"].path), manifest)
    images = np.load(manifest.artifacts["images"].path)["images"]
    most = {"int8": 0.35, "float32": 1e-4}[precision]
    for image in images:
        expected = np.asarray(stored(image[np.newaxis]))[0]
        for k in range(manifest.last_split_point):
            found = tails.run(k, *heads.run(k, image))
            assert np.abs(found - expected).max() <= most * np.abs(expected).max(), k


def long(tensor):
    from keras import layers

    return layers.GRU(2, name="too_long")(layers.Reshape((392, 2))(tensor))


def prelu(tensor):
    from keras import layers

    return layers.PReLU(name="mine")(tensor)


def erf(tensor):
    from keras import ops

    return ops.erf(tensor)


@pytest.mark.parametrize(
    ("middle", "precision", "told"),
    [
        (long, "float32", r"its layer too_long \(GRU\) takes 392 steps; .* at most 256 "),
        (
            erf,
            "int8",
            r"its layer erf \(Erf\) cannot be computed in int8 on the edge; no precision "
            r"would do: replace the layer \(LiteRT has nothing for TensorFlow's Erf\)",
        ),
    ],
)
@pytest.mark.fault(
    group="networks",
    fault="a Keras graph with a layer that cannot be computed on the edge",
    seen="`its layer ... cannot be computed in int8 on the edge; ...` and what would do, when "
    "it is described and when it is prepared",
)
def test_what_cannot_be_converted_is_refused_by_its_layer(tmp_path, middle, precision, told):
    order = ordered(saved(tmp_path, middle=middle), precision=precision)
    with pytest.raises(ModelError, match=told):
        description_of(replace(order, weights="random"))
    with pytest.raises(ModelError, match=told):
        make_here(order, tmp_path / "cache")


def test_a_precision_that_would_do_is_named(tmp_path, monkeypatch):
    convert = litert.convert

    def without_integers(model, precision, images):
        if precision == "int8":
            raise ModelError("no integers here/there")
        return convert(model, precision, images)

    monkeypatch.setattr(convertible, "convert", without_integers)
    path = saved(tmp_path, middle=prelu)
    told = (
        r"mine \(PReLU\) .* in int8 .*; model\.precision=float32 would do \(the converter: no int"
    )
    with pytest.raises(ModelError, match=told):
        description_of(ordered(path, precision="int8", weights="random"))


def test_a_converter_that_dies_is_said_with_what_it_was_given(tmp_path, monkeypatch):
    from hosts.models.prepare import describe

    def dies(_module, _content, told):
        told(f"{convertible.TRYING}its layer mine (PReLU) to int8")
        raise ModelError(f"{child.DIED}was ended by SIGSEGV")

    monkeypatch.setattr(describe, "run_child", dies)
    told = r"\(trying to convert its layer mine \(PReLU\) to int8\): its process was ended by SIG"
    with pytest.raises(ModelError, match=told):
        describe.describe(ordered(saved(tmp_path)), silent, tmp_path / "cache")


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
