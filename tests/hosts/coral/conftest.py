"""A tiny int8 network, and sysfs files of a Coral, made by the test."""

from pathlib import Path

import pytest

from hosts.models.prepared.artifacts import sha256_of
from hosts.models.prepared.manifest import Artifact, Manifest, SplitPoint
from hosts.models.runtimes.litert import flatbuffer
from tests.hosts.quantised import quantised_input
from tests.hosts.trees import coral

SIZE, SCALE, ZERO = 6, 0.02, 3


@pytest.fixture
def whole(tmp_path) -> Path:
    """A LiteRT file whose one operator makes a float32 input int8."""
    path = tmp_path / "whole.tflite"
    path.write_bytes(flatbuffer.write(quantised_input(SIZE, SCALE, ZERO)))
    return path


@pytest.fixture
def manifest(whole) -> Manifest:
    points = (
        SplitPoint(0, "input", (SIZE,), 4 * SIZE),
        SplitPoint(1, "quantised", (SIZE,), SIZE, "head", 1, "int8"),
        SplitPoint(2, "last", (SIZE,), 0),
    )
    head = Artifact(str(whole), sha256_of(whole), whole.stat().st_size)
    return Manifest("tiny", "random", "int8", "fidelity", SIZE, 1, 2, points, {"head": head})


@pytest.fixture
def stick(tmp_path) -> Path:
    """The root of a machine with a Coral at port 2."""
    return coral(tmp_path / "root").root
