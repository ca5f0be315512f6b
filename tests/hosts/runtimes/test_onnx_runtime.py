"""Heads and tails on ONNX Runtime: what the unsplit network computes, at every split point."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from hosts.codecs.base import Tensor
from hosts.core.errors import ArtifactError, ModelError
from hosts.models import runtimes
from hosts.models.onnx_graphs.sessions import GPU
from hosts.models.prepare.make_onnx import make
from hosts.models.prepare.prepare import PrepareOrder, settled
from hosts.models.prepared.artifacts import ArtifactCache
from hosts.models.prepared.manifest import Manifest
from hosts.models.runtimes.onnx.parts import Resident
from tests.bench.graphs import CLOSE
from tests.hosts.models.onnx_making import FAMILIES

ROOT = Path(__file__).resolve().parents[3]
ONNX = runtimes.find("onnx")


def prepared(name: str, folder: Path, **more) -> Manifest:
    path = folder / f"{name.replace(' ', '_')}.onnx"
    if not path.exists():
        onnx.save(FAMILIES[name](), path)
    asked = {"path": str(path), "images": 4, "calibration": 8, "scaling": "unit", **more}
    return make(settled(PrepareOrder("onnx_file", **asked)), ArtifactCache(folder / "cache"))


def array_of(manifest: Manifest, name: str, key: str) -> np.ndarray:
    with np.load(manifest.artifacts[name].path) as files:
        return files[key]


def outputs_at(manifest: Manifest, heads, tails, split_point: int, images: np.ndarray):
    tensor = heads.run_batch(split_point, images)
    assert tensor.array.dtype.name == manifest.split_points[split_point].dtype
    if split_point == manifest.last_split_point:
        return tensor.real
    assert tensor.array.nbytes == len(images) * manifest.split_points[split_point].bytes
    return tails.run_batch(split_point, tensor, "CPU:0")


@pytest.mark.medium
@pytest.mark.parametrize("name", FAMILIES)
def test_at_every_split_point_outputs_are_the_unsplit_networks(name, tmp_path):
    manifest = prepared(name, tmp_path, precision="float32")
    assert (manifest.graph, manifest.weights) == ("onnx", "stored")
    heads, tails = ONNX.open_heads(manifest, {}, 1), ONNX.open_tails(manifest, {}, tf32=False)
    images = array_of(manifest, "images", "images")
    whole = onnx.load(tmp_path / f"{name.replace(' ', '_')}.onnx")
    expected = by_the_reference(whole, images[:1])
    for k in range(manifest.last_split_point + 1):
        outputs = outputs_at(manifest, heads, tails, k, images[:3])
        assert outputs.shape == (3, manifest.classes)
        for found, wanted in (
            (outputs, array_of(manifest, "reference", "outputs")[:3]),
            (outputs[:1], expected),
        ):
            assert np.abs(found - wanted).max() <= CLOSE * np.abs(wanted).max(), k
    assert tails.device == "CPU:0"


def by_the_reference(model, images: np.ndarray) -> np.ndarray:
    """The file itself, as its makers' library opens it, without any of this project's changes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = {one.name for one in session.get_inputs()}
    (name,) = names
    return session.run(None, {name: images})[0].reshape(len(images), -1)


@pytest.mark.medium
@pytest.mark.parametrize("name", ["plain CNN", "residual", "inverted residual", "transformer"])
def test_heads_of_integers_send_a_byte_for_each_value(name, tmp_path):
    manifest = prepared(name, tmp_path, precision="int8")
    heads, tails = ONNX.open_heads(manifest, {}, 1), ONNX.open_tails(manifest, {}, tf32=False)
    images = array_of(manifest, "images", "images")
    expected = array_of(manifest, "reference", "outputs")
    inner = manifest.split_points[1:-1]
    assert {point.dtype for point in inner} == {"int8"}
    spread = np.abs(expected - expected.mean(axis=1, keepdims=True)).mean()
    for k in range(manifest.last_split_point + 1):
        found = outputs_at(manifest, heads, tails, k, images)
        assert np.abs(found - expected).mean() <= 0.25 * spread, k


@pytest.mark.medium
def test_files_are_the_same_bytes_when_they_are_made_anew(tmp_path):
    one, other = (
        {k: a.sha256 for k, a in prepared("residual", folder, precision="int8").artifacts.items()}
        for folder in (tmp_path / "a", tmp_path / "b")
        if folder.mkdir() is None
    )
    assert one == other
    assert one["tail"] != one["head"]


@pytest.fixture(scope="module")
def cnn(tmp_path_factory) -> Manifest:
    return prepared("plain CNN", tmp_path_factory.mktemp("cnn"), precision="float32")


@pytest.mark.medium
def test_what_took_long_is_told_once_and_codecs_tensors_are_taken(cnn):
    heads, tails = ONNX.open_heads(cnn, {}, 1), ONNX.open_tails(cnn, {}, tf32=True)
    images = array_of(cnn, "images", "images")[:2]
    tensor = heads.run_batch(2, images)
    assert heads.load_ms is not None
    expected = tails.run_batch(2, tensor)
    assert tails.compile_ms is not None
    heads.run_batch(2, images)
    tails.run_batch(2, tensor)
    assert (heads.load_ms, tails.compile_ms) == (None, None)
    heads.threads = 2
    heads.run_batch(2, images)
    assert heads.load_ms is not None
    scale = float(tensor.array.max()) / 255
    for sent in (
        Tensor(tensor.array.astype(np.float16)),
        Tensor((np.round(tensor.array / scale) - 128).astype(np.int8), scale, -128),
        Tensor(np.round(tensor.array / scale).astype(np.uint8), scale, 0),
    ):
        found = tails.run_batch(2, sent)
        assert np.abs(found - expected).max() <= 0.02 * np.abs(expected).max()


@pytest.mark.medium
def test_what_no_head_or_tail_can_take_is_refused(cnn):
    heads, tails = ONNX.open_heads(cnn, {}, 1), ONNX.open_tails(cnn, {}, tf32=True)
    images = array_of(cnn, "images", "images")[:1]
    last = cnn.last_split_point
    with pytest.raises(ModelError, match=rf"split point {last + 1} asked; allowed: 0..{last}"):
        heads.run_batch(last + 1, images)
    with pytest.raises(ModelError, match=r"images of shape \(3, 32, 32\) expected, found \(1, 32"):
        heads.run_batch(1, images[:, :1])
    with pytest.raises(ModelError, match=f"{last} asked of the cloud; allowed: 0..{last - 1}"):
        tails.run_batch(last, Tensor(images))
    with pytest.raises(ModelError, match=r"a tensor of shape \(batch, 8, 32, 32\) expected at"):
        tails.run_batch(1, Tensor(images))
    with pytest.raises(ModelError, match="float32 found with a scale; allowed: float tensors"):
        tails.run_batch(0, Tensor(images, 1.0, 0))
    with pytest.raises(ModelError, match="GPU:0 asked; this onnxruntime computes on CPUs: install"):
        tails.run_batch(0, Tensor(images), "GPU:0")
    assert ONNX.gpus() == 0


@pytest.mark.medium
def test_a_gpu_that_onnx_runtime_does_not_use_is_an_error(cnn, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [GPU])
    tails = ONNX.open_tails(cnn, {}, tf32=True)
    with pytest.raises(ModelError, match="GPU:0 asked; ONNX Runtime cannot use it"):
        tails.run_batch(0, Tensor(array_of(cnn, "images", "images")[:1]), "GPU:0")


@pytest.mark.medium
def test_a_damaged_graph_is_an_artifact_s_fault(cnn, tmp_path):
    (tmp_path / "graph.onnx").write_bytes(b"no graph")
    with pytest.raises(ArtifactError, match=r"graph.onnx cannot be read as a graph"):
        ONNX.open_heads(cnn, {"head": str(tmp_path / "graph.onnx")}, 1)


def test_parts_used_last_stay_within_a_bound():
    class Sized:
        size_mb = 40.0

    kept = Resident(100.0)
    for key in (1, 2, 1, 3):
        kept.get(key, Sized)
    assert kept.opened_ms is not None
    for key, was_open in ((1, True), (3, True), (2, False)):
        kept.get(key, Sized)
        assert (kept.opened_ms is None) == was_open


def test_a_network_is_computed_by_runtimes_of_its_kind():
    assert runtimes.for_role("edge", "onnx") == runtimes.for_role("cloud", "onnx") == ["onnx"]
    assert runtimes.for_role("edge", "keras") == ["litert"]
    assert runtimes.for_role("cloud")[0] == "tensorflow"
    assert runtimes.settled("cloud", graph="onnx").name == "onnx"
    with pytest.raises(ModelError, match="runtime jax asked of the cloud for a network of ONNX; "):
        runtimes.settled("cloud", "jax", graph="onnx")


def test_a_host_without_the_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ONNX, "libraries", ("onnxruntime_that_is_not_there",))
    with pytest.raises(
        ModelError, match=r"that_is_not_there; hosts/requirements-edge-onnx.txt say"
    ):
        runtimes.settled("edge", "onnx", graph="onnx")
    with pytest.raises(ModelError, match="its part of a network of ONNX: one of onnx is needed"):
        runtimes.settled("edge", graph="onnx")


PROGRAM = """
import sys
import msgspec, numpy as np
from hosts.agents import agent, loading
from hosts.models import runtimes
from hosts.models.prepared.manifest import Manifest
manifest = msgspec.json.decode(open(sys.argv[1], "rb").read(), type=Manifest)
runtime = runtimes.settled("edge", "auto", graph=manifest.graph)
runtime.import_libraries()
heads = runtime.open_heads(manifest, {}, 1)
images = np.load(manifest.artifacts["images"].path)["images"]
for k in range(manifest.last_split_point + 1):
    heads.run_batch(k, images[:1])
for name in ("tensorflow", "jax", "keras", "ai_edge_litert", "torch"):
    assert name not in sys.modules, name
"""


@pytest.mark.medium
def test_an_edge_on_onnx_runtime_imports_no_other_framework(cnn, tmp_path):
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(cnn))
    program = [sys.executable, "-c", PROGRAM, str(tmp_path / "manifest.json")]
    subprocess.run(program, cwd=ROOT, check=True)
