"""Users' own networks from `.keras` files, and weights from files: what serves, what is refused."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hosts.core.errors import ModelError
from hosts.models.datasets import base as datasets
from hosts.models.networks import _keras_config
from hosts.models.networks import base as networks
from hosts.models.networks.keras_file import input_shape
from hosts.models.prepare.prepare import PrepareOrder, prepare, settled
from hosts.models.runtimes.litert.heads import LiteRtHeads
from tests.hosts.models.making import make_here


def silent(_what: str) -> None:
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def small(folder) -> Path:
    """A network with a branch and a layer that is used twice; 16 x 16 grey images, 10 classes."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image = keras.Input((16, 16, 1), name="image")
    x = layers.Conv2D(8, 3, padding="same", name="conv")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(x)
    twice = layers.Conv2D(8, 3, padding="same", activation="relu", name="twice")
    x = layers.Add(name="sum")([x, twice(twice(x))])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dense(10, activation="softmax", name="out")(x)
    path = folder / "small.keras"
    keras.Model(image, x, name="small").save(path)
    return path


@pytest.mark.medium
@pytest.mark.parametrize("precision", ["int8", "float32", "float16"])
def test_every_split_point_of_a_users_network_is_served(small, precision, tmp_path):
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    order = PrepareOrder("keras_file", "random", images=24, precision=precision, path=str(small))
    told: list[str] = []
    manifest = prepare(order, told.append, tmp_path)
    points = manifest.split_points
    assert [p.name for p in points] == ["image", "conv", "norm", "relu", "sum", "pool", "out"]
    assert (manifest.precision, manifest.classes) == (precision, 10)
    assert points[1].artifact == "head_1"  # fused with the norm, so it is converted by itself
    assert points[2].tensor == points[3].tensor  # ReLU's output does for what is before it
    apart = sorted(name for name in manifest.artifacts if name.startswith("head_"))
    lines = [what for what in told if what.startswith("head ")]
    assert [line.split(" that")[0] for line in lines] == [
        f"head {i} of {len(apart)}" for i in range(1, len(apart) + 1)
    ]
    heads = LiteRtHeads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = TensorFlowTails.open(Path(manifest.artifacts["tail"].path), manifest)
    files = np.load(manifest.artifacts["images"].path)
    floats = [np.asarray(tails.run(0, image[np.newaxis], None, None)) for image in files["images"]]
    for k, point in enumerate(points):
        errors = []
        for image, expected in zip(files["images"], floats, strict=True):
            tensor = heads.run(k, image)
            assert tensor.array.dtype.name == point.dtype
            assert tensor.array.nbytes == point.bytes or k == 6
            last = heads.run(6, image)
            outputs = tails.run(k, *tensor) if k < 6 else _real(last)
            errors.append(np.abs(outputs - expected).max())
        most = {"int8": 0.15, "float16": 0.02, "float32": 1e-4}[precision]
        assert np.mean(errors) <= most, (k, errors)


def _real(tensor):
    if tensor.scale is None:
        return tensor.array[0]
    return (tensor.array[0].astype(np.float32) - tensor.zero_point) * tensor.scale


def test_a_file_that_is_missing_or_none_is_refused(folder):
    with pytest.raises(ModelError, match=r"needs model\.path=FILE\.keras or FILE\.h5"):
        settled(PrepareOrder("keras_file"))
    with pytest.raises(ModelError, match="there is no such file"):
        settled(PrepareOrder("keras_file", path=str(folder / "absent.keras")))
    text = folder / "text.keras"
    text.write_text("no model")
    with pytest.raises(ModelError, match=r"text\.keras is no Keras model"):
        settled(PrepareOrder("keras_file", path=str(text)))
    archive = folder / "archive.keras"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("note.txt", "no model")
    with pytest.raises(ModelError, match=r"archive\.keras is no Keras model"):
        settled(PrepareOrder("keras_file", path=str(archive)))


@pytest.mark.medium
def test_a_truncated_file_is_refused(small, folder):
    cut = folder / "cut.keras"
    cut.write_bytes(small.read_bytes()[:-200])
    with pytest.raises(ModelError, match=r"cut\.keras is no Keras model"):
        settled(PrepareOrder("keras_file", path=str(cut)))


@pytest.mark.medium
def test_several_inputs_or_outputs_or_no_images_are_refused(folder):
    import keras
    from keras import layers

    one, two = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    keras.Model([one, two], layers.Add()([one, two])).save(folder / "two.keras")
    with pytest.raises(ModelError, match=r"two\.keras has 2 inputs; only graphs with one"):
        input_shape(folder / "two.keras")
    ends = [layers.ReLU()(one), layers.Softmax()(one)]
    keras.Model(one, ends).save(folder / "ends.keras")
    with pytest.raises(ModelError, match=r"ends\.keras has 2 outputs; only graphs with one"):
        input_shape(folder / "ends.keras")
    row = keras.Input((8,))
    keras.Model(row, layers.Dense(2)(row)).save(folder / "row.keras")
    with pytest.raises(ModelError, match=r"of shape \(8,\); images \(height, width, channels\)"):
        input_shape(folder / "row.keras")
    keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten()]).save(folder / "chain.keras")
    assert input_shape(folder / "chain.keras") == (8, 8, 3)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("end", "said"), [("map", r"an output of shape \(14, 14, 3\)"), ("one", "two classes")]
)
def test_an_output_that_is_no_row_of_classes_is_refused(folder, tmp_path, end, said):
    from keras import Input, Model, layers

    image = Input((16, 16, 1))
    tensor = layers.Conv2D(3, 3)(image)
    if end == "one":
        tensor = layers.Dense(1, activation="sigmoid")(layers.GlobalMaxPooling2D()(tensor))
    path = folder / f"{end}.keras"
    Model(image, tensor).save(path)
    with pytest.raises(ModelError, match=said):
        make_here(PrepareOrder("keras_file", path=str(path)), tmp_path)


@pytest.mark.medium
def test_class_folders_must_be_as_many_as_the_networks_classes(small, tmp_path):
    from PIL import Image

    for name in ("cat", "dog", "owl"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for place in range(2):
            Image.new("L", (16, 16), 40 * place).save(tmp_path / "mine" / name / f"{place}.png")
    of_mine = {"data": "imagenet_folder", "data_path": str(tmp_path / "mine")}
    order = PrepareOrder("keras_file", path=str(small), images=4, calibration=2, **of_mine)
    with pytest.raises(ModelError, match="has 3 class folders, the network has 10 classes"):
        make_here(order, tmp_path / "cache")


@pytest.mark.medium
def test_an_unknown_layer_is_named(small, folder, tmp_path):
    unknown = folder / "unknown.keras"
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(unknown, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                content = content.replace(b'"Conv2D"', b'"Swirl"', 1)
            target.writestr(name, content)
    order = PrepareOrder("keras_file", images=2, path=str(unknown))
    with pytest.raises(ModelError, match=r"unknown\.keras has a layer that is not known: .*Swirl"):
        prepare(order, silent, tmp_path)


def as_keras_2(path: Path) -> Path:
    """The file as Keras 2 wrote it: the input's shape has another key, and nodes another form."""
    old = path.with_name(f"old_{path.name}")
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, "w") as target:
            for name in source.namelist():
                content = source.read(name)
                if name == "config.json":
                    content = content.replace(b'"batch_shape"', b'"batch_input_shape"')
                target.writestr(name, content)
        return old
    import h5py

    shutil.copyfile(path, old)
    with h5py.File(old, "a") as file:
        told = file.attrs["model_config"]
        file.attrs["model_config"] = told.replace('"batch_shape"', '"batch_input_shape"')
    return old


@pytest.mark.medium
@pytest.mark.parametrize("kind", [".keras", ".h5"])
@pytest.mark.parametrize("keras_2", [False, True], ids=["keras_3", "keras_2"])
def test_files_of_both_kinds_and_of_keras_2_are_read(small, folder, kind, keras_2):
    import keras

    stored = keras.models.load_model(small, compile=False)
    path = folder / f"both{kind}"
    stored.save(path)
    path = as_keras_2(path) if keras_2 else path
    found = networks.find("keras_file", str(path))
    assert found.ABOUT.input_shape == (16, 16, 1)
    images = np.random.default_rng(0).random((2, 16, 16, 1), dtype=np.float32)
    built = found.build("stored", 0, None, silent)
    np.testing.assert_allclose(built(images), stored(images), rtol=1e-5, atol=1e-6)


@pytest.mark.medium
@pytest.mark.parametrize("source", ["stored", "a_file_of_weights"])
def test_weights_that_are_no_numbers_are_refused(small, folder, source):
    import keras

    broken = keras.models.load_model(small, compile=False)
    weights = broken.get_weights()
    weights[0][0, 0, 0, 0] = np.nan
    broken.set_weights(weights)
    path = folder / "nan.keras"
    broken.save(path)
    asked = ("stored", str(path)) if source == "stored" else (str(path), str(small))
    said = r"nan\.keras has weights that are no numbers: 1 of the 72 values of conv/kernel are NaN"
    with pytest.raises(ModelError, match=said):
        networks.find("keras_file", asked[1]).build(asked[0], 0, None, silent)


def archive_of(path: Path, shape=(8, 8, 3), **members: bytes) -> Path:
    """A `.keras` file of a network that was never made, and what else it is to hold."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, *shape]}},
        {"class_name": "Dense", "config": {"name": "end", "units": 3}},
    ]
    ends = {"input_layers": ["image", 0, 0], "output_layers": ["end", 0, 0]}
    content = {"class_name": "Functional", "config": {"layers": layers, **ends}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", json.dumps(content))
        for name, member in members.items():
            file.writestr(name, member)
    return path


@pytest.mark.fault(
    group="networks",
    fault="a Keras file that is damaged, too large, or has code in it",
    seen="one line that names the file and what is wrong, before anything reads it",
)
def test_oversized_files_are_refused_before_they_are_read(folder, monkeypatch):
    assert input_shape(archive_of(folder / "fine.keras")) == (8, 8, 3)
    with pytest.raises(ModelError, match=r"takes images of 9000 x 9000 x 3 values; at most"):
        input_shape(archive_of(folder / "wide.keras", (9000, 9000, 3)))
    monkeypatch.setattr(_keras_config, "_LARGEST_MB", 2)
    packed = archive_of(folder / "bomb.keras", weights=bytes(5 << 20))
    assert packed.stat().st_size < 1 << 20
    with pytest.raises(ModelError, match=r"bomb\.keras holds 5 MB; .* at most 2 MB can be"):
        input_shape(packed)
    monkeypatch.setattr(_keras_config, "_LARGEST_CONFIG_MB", 1)
    large = archive_of(folder / "large.keras", (8,) * (1 << 19))
    with pytest.raises(ModelError, match=r"is no Keras model: its configuration takes 1 MB"):
        input_shape(large)


def test_damaged_files_of_the_older_kind_are_refused(folder):
    import h5py

    path = folder / "weights.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(3)
    with pytest.raises(ModelError, match=r"holds weights alone; save the whole with model\.save"):
        input_shape(path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(ModelError, match=r"weights\.h5 is no Keras model: it is damaged"):
        input_shape(path)
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Functional", "config": {"layers": 3}}'
    with pytest.raises(ModelError, match="a functional graph expected, found a subclassed model"):
        input_shape(path)
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{"
    with pytest.raises(ModelError, match="it is damaged"):
        input_shape(path)


@pytest.mark.parametrize("kind", [".keras", ".h5"])
def test_code_is_seen_without_keras(folder, kind):
    layers = [{"class_name": "Lambda", "config": {"name": "twice", "function": ["4wEA", None]}}]
    content = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
    path = folder / f"lambda{kind}"
    if kind == ".h5":
        import h5py

        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = content
    else:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("config.json", content)
    with pytest.raises(ModelError, match=r"has a Lambda layer \(twice\), whose code would run"):
        input_shape(path)


@pytest.mark.parametrize("shape", [(16, 16, 1), (20, 33, 1), (24, 24, 4), (16, 40, 3), (8, 8, 5)])
@pytest.mark.parametrize("name", ["photos", "digits"])
def test_bundled_images_fit_any_size_and_any_channels(name, shape):
    found = datasets.load(name, 3, 2, 0, shape)
    for images, count in ((found.evaluation, 3), (found.calibration, 2)):
        assert images.pixels.shape[1:] == shape
        assert images.pixels.dtype == np.uint8
        assert len(images.pixels) >= count
        assert images.pixels.std() > 10
    if shape[2] == 4:
        assert (found.evaluation.pixels[..., 3] == 255).all()
    if name == "photos":
        colours = datasets.load(name, 3, 2, 0, (*shape[:2], 3)).evaluation.pixels
        grey = colours @ np.array([0.299, 0.587, 0.114])
        one = found.evaluation.pixels[..., 0]
        assert np.abs(one - (grey if shape[2] == 1 else colours[..., 0])).max() <= 1


@pytest.mark.medium
def test_code_in_a_file_is_not_run(folder, tmp_path):
    from keras import Input, Model, layers

    image = Input((16, 16, 1))
    tensor = layers.Lambda(lambda x: x * 2)(image)
    path = folder / "code.keras"
    Model(image, layers.Dense(3)(layers.Flatten()(tensor))).save(path)
    with pytest.raises(
        ModelError, match=r"code\.keras has a Lambda layer .*, whose code would run"
    ):
        make_here(PrepareOrder("keras_file", path=str(path)), tmp_path)


@pytest.mark.medium
def test_weights_of_a_file_are_used_and_tell_their_prepared_files_apart(small, folder, tmp_path):
    import keras

    other = keras.models.clone_model(keras.models.load_model(small, compile=False))
    for kind in ("w.weights.h5", "w.keras"):
        path = folder / kind
        (other.save_weights if path.suffix == ".h5" else other.save)(path)
        built = networks.find("keras_file", str(small)).build(str(path), 0, None, silent)
        for one, expected in zip(built.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(one, expected)
    from hosts.models.prepare.prepare import key_of

    order = settled(PrepareOrder("keras_file", str(folder / "w.keras"), path=str(small)))
    before = key_of(order)
    assert str(folder) not in str(before)
    other.set_weights([weight * 2 for weight in other.get_weights()])
    other.save(folder / "w.keras")
    assert key_of(order)["weights"] != before["weights"]


@pytest.mark.medium
def test_weights_of_another_network_say_what_was_found_and_expected(small, folder):
    import keras
    from keras import layers

    image = keras.Input((16, 16, 1))
    x = layers.Conv2D(4, 3, name="other")(image)
    x = layers.Dense(10, name="end")(layers.Flatten()(x))
    other = keras.Model(image, x)
    other.save(folder / "other.keras")
    other.save_weights(folder / "other.weights.h5")
    found = networks.find("keras_file", str(small))
    said = r"not those of small: conv/kernel of shape \(3, 3, 1, 8\) expected, found other/kernel"
    with pytest.raises(ModelError, match=said):
        found.build(str(folder / "other.keras"), 0, None, silent)
    with pytest.raises(ModelError, match=r"other\.weights\.h5 are not those of small: .*8"):
        found.build(str(folder / "other.weights.h5"), 0, None, silent)
    (folder / "bad.weights.h5").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"bad\.weights\.h5 are not those of small"):
        found.build(str(folder / "bad.weights.h5"), 0, None, silent)


def test_weights_that_are_no_file_and_precisions_that_are_none_are_refused():
    with pytest.raises(ModelError, match=r"allowed: auto, imagenet, random, or a file \(\.keras"):
        settled(PrepareOrder("vgg16", weights="/absent/w.keras"))
    with pytest.raises(ModelError, match="there is no such file"):
        settled(PrepareOrder("vit_b16", weights="ViT-B_16.npz"))
    with pytest.raises(ModelError, match="allowed: auto, int8, float32, float16"):
        settled(PrepareOrder("vgg16", precision="int4"))
    with pytest.raises(ModelError, match="has no use with model=vgg16"):
        settled(PrepareOrder("vgg16", path="x.keras"))
    with pytest.raises(ModelError, match=r"scaling=half asked; allowed: none, unit"):
        settled(PrepareOrder("keras_file", path="x.keras", scaling="half"))


def test_networks_have_their_own_precision():
    names = ("vgg16", "resnet50", "mobilenet_v2", "digits_cnn", "vit_b16")
    found = [settled(PrepareOrder(name)).precision for name in names]
    assert found == ["int8"] * 4 + ["float32"]
