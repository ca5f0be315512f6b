"""One's own images: class folders, flat files, TensorFlow Datasets; and what is wrong with them."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hosts.core.errors import ModelError
from hosts.models.datasets import base as datasets
from hosts.models.datasets._folders import labelled_files
from hosts.models.datasets._pictures import decoded, fitted
from hosts.models.datasets.base import Source
from hosts.models.prepare.prepare import PrepareOrder, key_of, settled
from tests.hosts.models.making import make_here

SHAPE = (32, 32, 3)


def picture(path: Path, shade: int, size=(40, 60), kind="RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(kind, size, (shade,) * 3 if kind == "RGB" else shade).save(path)
    return path


@pytest.fixture
def in_folders(tmp_path) -> Path:
    for place, name in enumerate(("n01", "n02", "n03")):
        for number in range(4):
            picture(tmp_path / "val" / name / f"{number}.png", 10 * (4 * place + number))
    return tmp_path / "val"


@pytest.fixture
def flat(tmp_path) -> Path:
    for number in range(6):
        picture(tmp_path / "flat" / f"image_{number}.jpeg", 40 * number)
    return tmp_path / "flat"


def labels(folder: Path, *lines: str) -> str:
    path = folder.parent / "labels.txt"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_class_folders_are_numbered_by_name(in_folders):
    source = Source(str(in_folders), classes=3)
    found = datasets.load("imagenet_folder", 8, 4, 0, SHAPE, source)
    assert found.evaluation.pixels.shape == (8, *SHAPE)
    assert found.calibration.pixels.shape == (4, *SHAPE)
    shades = np.concatenate(
        [found.evaluation.pixels[:, 0, 0, 0], found.calibration.pixels[:, 0, 0, 0]]
    )
    told = np.concatenate([found.evaluation.labels, found.calibration.labels])
    assert sorted(shades.tolist()) == list(range(0, 120, 10))
    assert (told == shades // 40).all()
    again = datasets.load("imagenet_folder", 8, 4, 0, SHAPE, source)
    np.testing.assert_array_equal(found.evaluation.pixels, again.evaluation.pixels)
    other = datasets.load("imagenet_folder", 8, 4, 1, SHAPE, source)
    assert not np.array_equal(found.evaluation.pixels, other.evaluation.pixels)


def test_folders_named_by_numbers_say_their_classes(tmp_path):
    picture(tmp_path / "7" / "a.png", 1)
    picture(tmp_path / "12" / "b.png", 1)
    assert sorted(label for _, label in labelled_files(Source(str(tmp_path), classes=13))) == [
        7,
        12,
    ]
    with pytest.raises(ModelError, match=r"folder 12: class 12; allowed: 0\.\.9"):
        labelled_files(Source(str(tmp_path), classes=10))


def test_a_subset_of_the_classes_needs_to_say_which(in_folders):
    with pytest.raises(ModelError, match=r"3 class folders, .* 1000 .* `folder class`"):
        labelled_files(Source(str(in_folders), classes=1000))
    told = labels(in_folders, "n01 0", "n02 217", "n03 482")
    found = labelled_files(Source(str(in_folders), told, classes=1000))
    assert {path.parent.name: label for path, label in found} == {"n01": 0, "n02": 217, "n03": 482}


def test_flat_images_take_their_classes_from_a_file(flat):
    by_name = labels(flat, *(f"image_{k}.jpeg {9 - k}" for k in range(6)))
    found = labelled_files(Source(str(flat), by_name, classes=10))
    assert [label for _, label in found] == [9, 8, 7, 6, 5, 4]
    in_order = labels(flat, *map(str, range(6)))
    assert [label for _, label in labelled_files(Source(str(flat), in_order))] == list(range(6))
    assert {label for _, label in labelled_files(Source(str(flat), "none"))} == {None}
    loaded = datasets.load("imagenet_folder", 3, 1, 0, SHAPE, Source(str(flat), "none"))
    assert loaded.evaluation.labels is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["image_0.jpeg 1"], r"has no class for image_1\.jpeg \(5 in all\)"),
        (["image_0.jpeg 1000", "image_1.jpeg 1"], r"line 1: class 1000; allowed: 0\.\.999"),
        (["image_0.jpeg -1", "image_1.jpeg 1"], r"line 1: class -1; allowed: 0\.\.999"),
        (["image_0.jpeg tench"], r"line 1: 'image_0.jpeg tench'; allowed: `name class`"),
        (["1", "2"], "2 classes for 6 images"),
    ],
)
def test_a_wrong_labels_file_is_named_by_line(flat, lines, said):
    with pytest.raises(ModelError, match=said):
        labelled_files(Source(str(flat), labels(flat, *lines), classes=1000))


def test_missing_things_are_named(flat, tmp_path):
    with pytest.raises(ModelError, match=r"needs data\.path=FOLDER"):
        datasets.check("imagenet_folder", Source())
    with pytest.raises(ModelError, match=r"data\.path=/no/where: there is no such folder"):
        datasets.check("imagenet_folder", Source("/no/where"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="has no images"):
        datasets.check("imagenet_folder", Source(str(tmp_path / "empty")))
    with pytest.raises(ModelError, match=r"lie flat: say data\.labels=FILE"):
        datasets.check("imagenet_folder", Source(str(flat)))
    with pytest.raises(ModelError, match=r"data\.labels=/no/file cannot be read"):
        datasets.check("imagenet_folder", Source(str(flat), "/no/file"))
    with pytest.raises(ModelError, match=r"data\.path=x has no use with data=photos"):
        datasets.check("photos", Source("x"))
    with pytest.raises(ModelError, match=r"5 images for evaluation and 2 for calibration .* has 6"):
        datasets.load("imagenet_folder", 5, 2, 0, SHAPE, Source(str(flat), "none"))


def test_an_image_that_cannot_be_decoded_is_named(flat):
    (flat / "image_2.jpeg").write_bytes(b"no image")
    with pytest.raises(ModelError, match=r"image_2\.jpeg cannot be decoded as an image"):
        datasets.load("imagenet_folder", 5, 1, 0, SHAPE, Source(str(flat), "none"))
    whole = (flat / "image_3.jpeg").read_bytes()
    (flat / "image_3.jpeg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"image_3\.jpeg cannot be decoded"):
        decoded(flat / "image_3.jpeg", SHAPE)


@pytest.mark.parametrize("kind", ["RGB", "L", "RGBA", "P", "CMYK"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_kind_of_picture_gets_the_network_s_shape(tmp_path, kind, channels):
    path = tmp_path / "one.tiff"
    Image.new("RGB", (50, 33), (200, 200, 200)).convert(kind).save(path)
    found = decoded(path, (16, 24, channels))
    assert found.shape == (16, 24, channels)
    assert np.abs(found.astype(int) - 200).max() <= 12  # palettes are dithered


def test_it_is_cropped_at_the_centre_after_resizing_to_8_7():
    pixels = np.zeros((256, 512, 3), np.uint8)
    pixels[16:240, 144:368] = 255
    assert (fitted(pixels, (224, 224, 3)) == 255).all()
    pixels[16:240, 143] = 255
    pixels[16, :] = 0
    assert not (fitted(pixels, (224, 224, 3)) == 255).all()


def test_the_images_belong_to_what_is_prepared(flat):
    order = settled(
        PrepareOrder("vgg16", data="imagenet_folder", data_path=str(flat), data_labels="none")
    )
    before = key_of(order)
    assert key_of(order) == before
    picture(flat / "image_1.jpeg", 77)
    changed = key_of(order)
    assert changed != before
    (flat / "image_5.jpeg").unlink()
    assert key_of(order) not in (before, changed)
    with pytest.raises(ModelError, match="no such folder"):
        settled(replace(order, data_path="/no/where"))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with a data set of eight labelled pictures, stored by TensorFlow Datasets."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    pictures = np.stack([np.full((40, 50, 3), 30 * k, np.uint8) for k in range(8)])
    examples = {"image": pictures, "label": np.arange(8)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="some_pictures",
        version="1.0.0",
        data_dir=str(folder),
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(40, 50, 3)),
                "label": tfds.features.ClassLabel(num_classes=8),
            }
        ),
        split_datasets={"test": tf.data.Dataset.from_tensor_slices(examples)},
        disable_shuffling=True,
    )
    return Source(path=str(folder), tfds="some_pictures", split="test", classes=8)


@pytest.mark.medium
def test_a_stored_data_set_by_name(stored):
    found = datasets.load("tfds", 5, 2, 0, SHAPE, stored)
    labels = found.evaluation.labels.tolist()
    assert found.evaluation.pixels[:, 0, 0, 0].tolist() == [30 * label for label in labels]
    others = found.calibration.labels.tolist()
    assert len({*labels, *others}) == 7
    again = datasets.load("tfds", 5, 2, 0, SHAPE, stored)
    assert again.evaluation.labels.tolist() == labels
    seeds = [datasets.load("tfds", 5, 2, seed, SHAPE, stored) for seed in (1, 2, 3)]
    assert any(one.evaluation.labels.tolist() != labels for one in seeds)


@pytest.mark.medium
def test_what_a_stored_data_set_lacks_is_named(stored):
    with pytest.raises(ModelError, match="it has 8"):
        datasets.load("tfds", 9, 2, 0, SHAPE, stored)
    with pytest.raises(ModelError, match=r"has the class 7; the network has 0\.\.3"):
        datasets.load("tfds", 5, 3, 0, SHAPE, replace(stored, classes=4))
    with pytest.raises(
        ModelError, match=r"^data\.tfds=faces, split test, cannot be loaded: .*faces.*$"
    ):
        datasets.load("tfds", 5, 2, 0, SHAPE, replace(stored, tfds="faces"))
    with pytest.raises(ModelError, match=r"split training, cannot be loaded: .*training"):
        datasets.load("tfds", 5, 2, 0, SHAPE, replace(stored, split="training"))


def test_tfds_needs_a_name_and_its_package(monkeypatch):
    with pytest.raises(ModelError, match=r"needs data\.tfds=NAME"):
        datasets.check("tfds", Source())
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ModelError, match="needs the package tensorflow-datasets"):
        datasets.check("tfds", Source(tfds="imagenet_v2"))


@pytest.mark.medium
def test_a_network_is_prepared_with_one_s_own_images(tmp_path):
    from sklearn.datasets import load_digits

    digits = load_digits()
    for place in range(30):
        folder = tmp_path / "digits" / str(digits.target[place])
        folder.mkdir(parents=True, exist_ok=True)
        pixels = (digits.images[place] * (255 / 16)).astype(np.uint8)
        large = Image.fromarray(pixels).resize((16, 16), Image.Resampling.NEAREST)
        large.save(folder / f"{place}.png")
    order = PrepareOrder(
        "digits_cnn",
        data="imagenet_folder",
        images=20,
        calibration=10,
        data_path=str(tmp_path / "digits"),
    )
    manifest = make_here(order, tmp_path / "cache")
    assert manifest.quality == "accuracy"
    with np.load(manifest.artifacts["images"].path) as images:
        assert images["images"].shape == (20, 16, 16, 1)
        agreed = (images["reference_top1"] == images["labels"]).mean()
    with np.load(manifest.artifacts["reference"].path) as reference:
        assert reference["outputs"].shape == (20, 10)
        np.testing.assert_allclose(reference["outputs"].sum(axis=1), 1.0, atol=1e-5)
    assert agreed >= 0.6  # cropped digits are larger than those it has learned
