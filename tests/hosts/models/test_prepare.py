"""A network made ready, split at every point, and what happens when it cannot be."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hosts.agents.output_quality import judge
from hosts.core.errors import ModelError
from hosts.models.datasets import base as datasets
from hosts.models.datasets.digits import HELD_OUT
from hosts.models.prepare.prepare import PrepareOrder, plan, prepare, settled
from hosts.models.prepared.artifacts import ArtifactCache, check
from hosts.models.runtimes.litert.heads import LiteRtHeads
from tests.hosts.models.making import make_here


def silent(_what: str) -> None:
    pass


@pytest.fixture(scope="session")
def digits_root(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def digits(digits_root):
    return prepare(PrepareOrder("digits_cnn", images=60), silent, digits_root)


def test_an_unknown_network_names_those_there_are():
    with pytest.raises(ModelError, match="'alexnet' asked; there are: digits_cnn"):
        settled(PrepareOrder("alexnet"))


def test_weights_of_another_network_are_refused():
    with pytest.raises(ModelError, match="allowed: auto, trained, random"):
        settled(PrepareOrder("digits_cnn", weights="imagenet"))


def test_a_network_that_reads_no_weights_does_not_miss_their_file(tmp_path):
    (tmp_path / "other.keras").write_bytes(b"")
    for name, missing in (("digits_cnn", False), ("vgg16", True)):
        with pytest.raises(ModelError) as refused:
            settled(
                PrepareOrder(name, weights=str(tmp_path / ("no.h5" if missing else "other.keras")))
            )
        assert ("there is no such file" in str(refused.value)) == missing


def test_an_unknown_data_set_names_those_there_are():
    with pytest.raises(ModelError, match="'faces' asked; there are: digits, imagenet"):
        settled(PrepareOrder("digits_cnn", data="faces"))


def test_too_many_images_are_refused():
    with pytest.raises(ModelError, match="360 are held out"):
        datasets.load("digits", 1000, 10, 0, (16, 16, 1))


def test_evaluation_and_calibration_images_are_disjoint():
    data = datasets.load("digits", 360, 10, 0, (16, 16, 1))
    seen = {image.tobytes() for image in data.calibration.pixels}
    shared = sum(image.tobytes() in seen for image in data.evaluation.pixels)
    assert shared <= 2  # some digits occur twice in the bundled set
    assert len(data.evaluation.pixels) + len(data.calibration.pixels) == 1797


def test_photos_are_seeded():
    one = datasets.load("photos", 3, 1, 5, (32, 32, 3)).evaluation.pixels
    two = datasets.load("photos", 3, 1, 5, (32, 32, 3)).evaluation.pixels
    other = datasets.load("photos", 3, 1, 6, (32, 32, 3)).evaluation.pixels
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_a_plan_makes_nothing(tmp_path):
    told = plan(PrepareOrder("vgg16", weights="random"), tmp_path)
    assert (told.ready, told.weights) == (False, "random")
    assert told.size_mb > 500
    assert ArtifactCache(tmp_path).size_bytes() == 0


@pytest.mark.medium
def test_digits_reach_a_true_accuracy_at_every_split_point(digits):
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    artifacts = digits.artifacts
    heads = LiteRtHeads.open(Path(artifacts["head"].path), digits)
    tails = TensorFlowTails.open(Path(artifacts["tail"].path), digits)
    files = np.load(artifacts["images"].path)
    assert (digits.quality, digits.weights, digits.last_split_point) == ("accuracy", "trained", 7)
    assert (files["reference_top1"] == files["labels"]).mean() >= 0.95
    for k in range(8):
        found = []
        for image in files["images"]:
            tensor = heads.run(k, image)
            if k == 7:
                found.append(int(tensor.array.argmax()))
                continue
            assert tensor.array.nbytes == digits.split_points[k].bytes
            outputs = tails.run(k, tensor.array, tensor.scale, tensor.zero_point)
            found.append(int(outputs.argmax()))
        assert (np.array(found) == files["reference_top1"]).mean() >= 0.96, k


@pytest.mark.medium
def test_int8_costs_at_most_a_point_of_accuracy_at_every_split_point(digits_root):
    """On all 360 held-out digits, against the unsplit float32 network, whose outputs it meets."""
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    manifest = make_here(PrepareOrder("digits_cnn", images=HELD_OUT), digits_root)
    assert manifest.precision == "int8"
    paths = {name: Path(artifact.path) for name, artifact in manifest.artifacts.items()}
    heads = LiteRtHeads.open(paths["head"], manifest)
    tails = TensorFlowTails.open(paths["tail"], manifest)
    with np.load(paths["images"]) as loaded, np.load(paths["reference"]) as reference:
        images, labels, expected = loaded["images"], loaded["labels"], reference["outputs"]
    assert len(images) == HELD_OUT == 360
    float32 = (expected.argmax(axis=1) == labels).mean()
    assert float32 >= 0.95
    for k in range(manifest.last_split_point + 1):
        found, differences = [], []
        for image, outputs in zip(images, expected, strict=True):
            tensor = heads.run(k, image)
            ends_here = k == manifest.last_split_point
            values = tensor.real if ends_here else tails.run(k, *tensor)
            top, difference = judge(values, outputs)
            found.append(top[0])
            differences.append(difference)
        assert abs((np.array(found) == labels).mean() - float32) <= 0.01, k
        assert np.mean(differences) <= (1e-6 if k == 0 else 0.005), k


@pytest.mark.medium
def test_a_second_time_it_comes_from_the_cache_without_tensorflow(digits, digits_root):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hosts.models.prepare.prepare import PrepareOrder, prepare\n"
        f"prepare(PrepareOrder('digits_cnn', images=60), print, Path({str(digits_root)!r}))\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


@pytest.mark.medium
def test_tails_are_opened_without_what_keras_only_looks_for(digits):
    """They would take as long to import as TensorFlow itself."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import msgspec\n"
        "from hosts.models.prepared.manifest import Manifest\n"
        "from hosts.models.runtimes.tensorflow.tails import TensorFlowTails\n"
        "manifest = msgspec.json.decode(sys.stdin.read(), type=Manifest)\n"
        "TensorFlowTails.open(Path(manifest.artifacts['tail'].path), manifest)\n"
        "assert not {'matplotlib', 'pandas', 'scipy', 'sklearn'} & set(sys.modules)\n"
    )
    manifest = msgspec.json.encode(digits).decode()
    done = subprocess.run(
        [sys.executable, "-c", code], input=manifest, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.medium
def test_a_wrong_split_point_or_tensor_is_named(digits):
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    heads = LiteRtHeads.open(Path(digits.artifacts["head"].path), digits)
    tails = TensorFlowTails.open(Path(digits.artifacts["tail"].path), digits)
    with pytest.raises(ModelError, match=r"split point 8 asked; allowed: 0\.\.7"):
        heads.run(8, np.zeros((16, 16, 1), np.float32))
    with pytest.raises(ModelError, match=r"shape \(16, 16, 1\) expected, found \(8, 8, 1\)"):
        heads.run(1, np.zeros((8, 8, 1), np.float32))
    with pytest.raises(ModelError, match=r"allowed: 0\.\.6"):
        tails.run(7, np.zeros((1, 10), np.int8), 1.0, 0)
    with pytest.raises(ModelError, match=r"expected at split point 1, found \(1, 4\)"):
        tails.run(1, np.zeros((1, 4), np.int8), 1.0, 0)


@pytest.mark.medium
def test_a_truncated_or_changed_file_is_made_again(tmp_path):
    """Truncated: noticed at once, by its length. Changed: by its hash, when the rest is made."""
    first = make_here(PrepareOrder("digits_cnn", images=5), tmp_path)
    head = Path(first.artifacts["head"].path)
    content = head.read_bytes()
    head.write_bytes(content[:100])
    again = prepare(PrepareOrder("digits_cnn", images=5), silent, tmp_path)
    assert again.artifacts["head"].bytes == len(head.read_bytes()) > 100
    head.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    more = make_here(PrepareOrder("digits_cnn", images=6), tmp_path)
    check(more.artifacts["head"])


@pytest.mark.medium
def test_a_network_that_cannot_be_made_says_why(tmp_path):
    with pytest.raises(ModelError, match="images=400 asked of digits; 360 are held out"):
        prepare(PrepareOrder("digits_cnn", images=400), silent, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_random_vgg16_tells_48_photo_crops_apart_and_survives_int8(tmp_path):
    """Seeded weights: at least 16 classes for 48 crops, and heads that mostly agree."""
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    manifest = prepare(PrepareOrder("vgg16", weights="random", images=48), silent, tmp_path)
    assert (manifest.quality, manifest.last_split_point) == ("fidelity", 22)
    files = np.load(manifest.artifacts["images"].path)
    reference = files["reference_top1"]
    assert len(set(reference.tolist())) >= 16
    heads = LiteRtHeads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = TensorFlowTails.open(Path(manifest.artifacts["tail"].path), manifest)
    for k in (3, 10, 18, 22):
        agreed = 0
        for image, expected in zip(files["images"][:24], reference[:24], strict=True):
            tensor = heads.run(k, image)
            outputs = tensor.array[0] if k == 22 else tails.run(k, *tensor)
            agreed += int(outputs.argmax() == expected)
        assert agreed >= 0.6 * 24, (k, agreed)
