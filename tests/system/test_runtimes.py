"""Hosts that compute with other libraries than the controller has, each in its own environment."""

import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from dynasplit.tables import RunsTable, read_runs
from tests.conftest import ROOT
from tests.hosts.models.onnx_making import plain_cnn
from tests.system.test_local import QUICK, start

WORDS = (
    *QUICK,
    "hosts=local",
    "tracking=none",
    "figures.draw=false",
    "search=grid",
    "search.front_repeats=0",
)


@pytest.fixture(scope="module")
def jax_python(tmp_path_factory) -> Path:
    """The interpreter of an environment with what a JAX host needs, and no more."""
    folder = tmp_path_factory.mktemp("jax")
    python = folder / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    requirements = ROOT / "hosts/requirements-cloud-jax.txt"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-r", requirements], check=True)
    for absent in ("tensorflow", "ai_edge_litert"):
        assert subprocess.run([python, "-c", f"import {absent}"], capture_output=True).returncode
    return python


def runs_of(results: Path, *words: str) -> RunsTable:
    done = start(results, *WORDS, *words, patience_s=200)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (results / "quick_testbed").iterdir()
    return read_runs(folder / "runs.parquet")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cloud_without_tensorflow_answers_as_one_with_it(jax_python, tmp_path):
    found = {
        "jax": runs_of(tmp_path / "a", f"hosts.cloud.python={jax_python}"),
        "tensorflow": runs_of(tmp_path / "b", "hosts.cloud.runtime=tensorflow"),
    }
    classes = {}
    for name, table in found.items():
        last = table.last_split_point
        runs = {m.configuration.split_point: m for m in table.measurements}
        assert set(runs) == set(range(last + 1))
        for split_point, m in runs.items():
            assert (m.cloud_runtime or name).split()[0] == name
            assert m.cloud_device == (None if split_point == last else "CPU:0")
            assert (m.edge_runtime or "litert").split()[0] == "litert"
            assert m.cloud_compile_ms is None or split_point < last
        # a window that was measured again found its tail compiled
        assert sum(m.cloud_compile_ms is not None for m in runs.values()) >= last / 2
        classes[name] = {k: (m.right, m.fidelity) for k, m in runs.items()}
    assert classes["jax"] == classes["tensorflow"]


@pytest.mark.slow
@pytest.mark.parametrize("hosts", ["emulated", "local"])
def test_a_network_of_an_onnx_file_is_computed_by_onnx_runtime_on_both_hosts(hosts, tmp_path):
    onnx.save(plain_cnn(), tmp_path / "net.onnx")
    network = ("model=onnx_file", f"model.path={tmp_path / 'net.onnx'}", "data=photos")
    space = ["model.split_points=[0,1,4,8]", *(["space.cpu_mhz=[1800]"] * (hosts == "emulated"))]
    table = runs_of(tmp_path / "a", *network, "model.scaling=unit", f"hosts={hosts}", *space)
    last = table.last_split_point
    runs = {m.configuration.split_point: m for m in table.measurements}
    assert set(runs) == {0, 1, 4, 8}
    for split_point, m in runs.items():
        assert split_point > 0 or m.edge_runtime is None
        for runtime in (m.edge_runtime, m.cloud_runtime):
            assert (runtime or "onnx").split()[0] == "onnx"
        assert m.cloud_device is None or split_point < last
    assert any(m.edge_runtime for m in runs.values())
    assert runs[0].fidelity == 1.0


@pytest.mark.medium
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("model=onnx_file", "model.path=absent.onnx", "hosts.edge.runtime=litert"),
            "hosts.edge.runtime=litert with model=onnx_file, a network of ONNX; allowed: auto, on",
        ),
        (
            ("hosts.cloud.runtime=onnx",),
            "hosts.cloud.runtime=onnx with model=digits_cnn, a network of Keras; allowed: auto, ",
        ),
        (("model=onnx_file", "model.path=absent.onnx"), "absent.onnx: there is no such file"),
    ],
    ids=lambda words: words[-1] if isinstance(words, tuple) else "",
)
def test_a_runtime_that_does_not_compute_the_network_is_refused_in_one_line(tmp_path, words, told):
    done = start(tmp_path, *WORDS, *words)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert told in line


@pytest.mark.medium
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("hosts.cloud.runtime=litert", "hosts.cloud.runtime=litert; allowed there: auto, "),
        ("hosts.edge.runtime=none_such", "hosts.edge.runtime=none_such; allowed: auto, "),
    ],
)
def test_a_runtime_that_cannot_do_the_work_is_refused_in_one_line(tmp_path, words, told):
    done = start(tmp_path, *WORDS, words)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert told in line
