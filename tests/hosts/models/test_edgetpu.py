"""Heads are compiled by the tool on PATH, which a script stands in for, and cached."""

import os
from pathlib import Path

import pytest

from hosts.core.errors import ArtifactError
from hosts.models.prepare.edgetpu import compiled_head
from hosts.models.prepared.artifacts import ArtifactCache
from hosts.models.runtimes.litert.cut import cut_head
from tests.hosts.coral.conftest import manifest, whole

__all__ = ["manifest", "whole"]

SCRIPT = """#!/bin/sh
echo "$@" >> {calls}
if [ "$1" = --version ]; then echo "Edge TPU Compiler version {version}"; exit 0; fi
{compile}
"""
COPY = 'cp "$3" "$2/$(basename "$3" .tflite)_edgetpu.tflite"'


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Puts a compiler on PATH; returns how it was called so far."""
    folder, calls = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def install(compile_: str = COPY, version: str = "16.0") -> None:
        script = folder / "edgetpu_compiler"
        script.write_text(SCRIPT.format(calls=calls, version=version, compile=compile_))
        script.chmod(0o755)

    install()
    return install, lambda: calls.read_text().splitlines() if calls.exists() else []


def test_a_head_is_cut_compiled_and_kept(compiler, manifest, tmp_path):
    _, calls = compiler
    cache = ArtifactCache(tmp_path / "cache")
    made = compiled_head(manifest, 1, cache)
    whole = Path(manifest.artifacts["head"].path)
    assert Path(made.path).read_bytes() == cut_head(whole, 1)
    assert made.path.endswith("_edgetpu.tflite")
    version, call = calls()
    assert version == "--version"
    option, folder, source = call.split()
    assert (option, Path(source)) == ("-o", Path(folder) / "head.tflite")
    assert not Path(folder).exists()
    assert compiled_head(manifest, 1, cache) == made
    assert sum(c.startswith("-o") for c in calls()) == 1


def test_another_version_of_the_compiler_compiles_anew(compiler, manifest, tmp_path):
    install, calls = compiler
    cache = ArtifactCache(tmp_path / "cache")
    first = compiled_head(manifest, 1, cache)
    install(version="17.0")
    assert compiled_head(manifest, 1, cache).path != first.path
    assert sum(c.startswith("-o") for c in calls()) == 2


@pytest.mark.parametrize(
    ("compile_", "said"),
    [
        ("echo 'Model not quantized' >&2; exit 1", "exit code 1.: Model not quantized"),
        ("exit 0", "exit code 0.: it said nothing"),
    ],
)
def test_what_the_compiler_says_is_told_and_nothing_is_kept(
    compiler, manifest, tmp_path, compile_, said
):
    compiler[0](compile_)
    cache = ArtifactCache(tmp_path / "cache")
    with pytest.raises(ArtifactError, match=f"refused the head tiny-1 .{said}"):
        compiled_head(manifest, 1, cache)
    assert not list(cache.root.glob("*.tflite"))
    assert not list(cache.root.glob("compiling-*"))


def test_without_a_compiler_it_is_said_where_it_must_run(manifest, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArtifactError) as caught:
        compiled_head(manifest, 1, ArtifactCache(tmp_path / "cache"))
    for said in ("the controller", "Debian package", "x86-64", "space.edge_accelerator=[off]"):
        assert said in str(caught.value)


def test_a_split_point_without_a_head_is_refused(compiler, manifest, tmp_path):
    with pytest.raises(ArtifactError, match="no int8 head at split point 0"):
        compiled_head(manifest, 0, ArtifactCache(tmp_path / "cache"))
