"""An edge's agent computes heads with its own runtime alone, and stays small."""

import re

import pytest

from dynasplit.testbed.credentials import make_credentials
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.prepared.manifest import Manifest
from tests.bench.agents import AgentProcess, Pair

FRAMEWORKS = {"tensorflow", "jax", "jaxlib", "keras", "torch", "onnx", "onnxruntime"}
IMPORTED = re.compile(r"^import time: .*\| +([\w.]+)$", re.MULTILINE)


def silent(_what: str) -> None:
    pass


def edge_of(manifest: Manifest, split_point: int, folder, monkeypatch) -> tuple[set[str], float]:
    """The modules that an edge's agent imports to serve a split point, and its memory in MB."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    identities = make_credentials("edge", "cloud")
    agents = [AgentProcess(role, identities[role], folder) for role in ("edge", "cloud")]
    try:
        pair = Pair(*agents)
        pair.load(manifest)
        report = pair.run(split_point, 3)
        assert len(report.inferences) >= 3
        memory_mb = pair.edge.memory_mb
    finally:
        for agent in agents:
            agent.close()
    modules = set(IMPORTED.findall((folder / "edge.log").read_text()))
    assert "numpy" in modules
    assert "ai_edge_litert" in {name.partition(".")[0] for name in modules}
    cloud = IMPORTED.findall((folder / "cloud.log").read_text())
    assert "keras" in cloud  # so the other's absence means something
    return {name.partition(".")[0] for name in modules}, memory_mb


@pytest.mark.medium
@pytest.mark.timeout(300)
def test_no_framework_is_imported_for_heads(tmp_path, monkeypatch):
    manifest = prepare(PrepareOrder("digits_cnn"), silent)
    modules, memory_mb = edge_of(manifest, 3, tmp_path, monkeypatch)
    assert not modules & FRAMEWORKS
    assert memory_mb <= 150


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_vgg16_up_to_split_point_10_takes_300_mb_at_most(tmp_path, monkeypatch):
    manifest = prepare(PrepareOrder("vgg16"), silent)
    modules, memory_mb = edge_of(manifest, 10, tmp_path, monkeypatch)
    print(f"{memory_mb:.0f} MB")
    assert not modules & FRAMEWORKS
    assert memory_mb <= 300
