"""Tails on JAX: what TensorFlow computes, without TensorFlow, each compiled once."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hosts.codecs.base import Tensor
from hosts.models import runtimes
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.prepared.manifest import Manifest
from tests.bench.graphs import CLOSE, OWN

ROOT = Path(__file__).resolve().parents[3]


def silent(_what: str) -> None:
    pass


def images_of(manifest: Manifest) -> np.ndarray:
    with np.load(manifest.artifacts["images"].path) as files:
        return files["images"]


def heads_of(manifest: Manifest, images: np.ndarray) -> dict[int, Tensor]:
    """Each head's tensors of these images; the last split point has no tail."""
    heads = runtimes.find("litert").open_heads(manifest, {}, None)
    found = {}
    for k in range(manifest.last_split_point):
        tensor = heads.run_batch(k, images)
        found[k] = tensor._replace(array=tensor.array.copy())
    return found


def on_jax(manifest: Manifest, tensors: dict[int, Tensor], folder: Path, every: int = 1):
    """What a process of its own computes with JAX; see `computing`."""
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    told = {}
    for k, tensor in tensors.items():
        told[f"tensor_{k}"] = tensor.array
        if tensor.scale is not None:
            told |= {f"scale_{k}": tensor.scale, f"zero_{k}": tensor.zero_point}
    np.savez(folder / "tensors.npz", **told)
    words = [str(folder / name) for name in ("manifest.json", "tensors.npz", "outputs.npz")]
    program = [sys.executable, "-m", "tests.hosts.runtimes.computing", "jax", *words, str(every)]
    subprocess.run(program, cwd=ROOT, check=True)
    with np.load(folder / "outputs.npz") as outputs:
        return dict(outputs)


def off(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_outputs_are_tensorflows_and_no_tail_is_compiled_twice(precision, tmp_path):
    manifest = prepare(PrepareOrder("digits_cnn", images=4, precision=precision), silent)
    tensors = heads_of(manifest, images_of(manifest)[:3])
    assert (tensors[1].scale is None) == (precision == "float32")
    found = on_jax(manifest, tensors, tmp_path)
    tails = runtimes.settled("cloud", "tensorflow").open_tails(manifest, {}, tf32=False)
    for k, tensor in tensors.items():
        expected = tails.run_batch(k, tensor, "CPU:0")
        assert expected.shape == (3, 10)
        assert off(found[f"outputs_{k}"], expected) <= CLOSE
        assert found[f"first_ms_{k}"] > 0
        assert np.isnan(found[f"again_ms_{k}"])
    assert set(found["modules"]) == {"jax", "keras"}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("graph", OWN, ids=lambda graph: graph.name)
def test_at_every_split_point_they_are_the_unsplit_networks(graph, tmp_path):
    """Against TensorFlow's unsplit network; compiled at every tenth split point."""
    manifest = prepare(graph.order(tmp_path), silent)
    tails = runtimes.settled("cloud", "tensorflow").open_tails(manifest, {}, tf32=False)
    images = images_of(manifest)
    unsplit = tails.run_batch(0, Tensor(images))
    lowest = int(unsplit.max(axis=1).argmin())  # a saturated softmax would hide differences
    found = on_jax(manifest, heads_of(manifest, images[lowest : lowest + 1]), tmp_path, every=10)
    differences = {
        k: off(found[f"outputs_{k}"][0], unsplit[lowest]) for k in range(manifest.last_split_point)
    }
    assert {k: o for k, o in differences.items() if o > 2 * CLOSE} == {}
    print({k: f"{o:.1e}" for k, o in differences.items()})
