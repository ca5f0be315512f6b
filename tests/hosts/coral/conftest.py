"""A tiny int8 network, and sysfs files of a Coral, made by the test."""

from pathlib import Path

import pytest

from hosts.models.runtime import flatbuffer
from hosts.models.runtime.artifacts import sha256_of
from hosts.models.runtime.manifest import Artifact, Manifest, SplitPoint
from tests.hosts.quantised import quantised_input

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
    """sysfs below a folder: a Coral at port 2 of a hub, another thing at port 1."""
    root = tmp_path / "root"
    devices = root / "sys/bus/usb/devices"
    for name, ids in (("1-1", ("046d", "c077")), ("1-2", ("18d1", "9302"))):
        port = devices / f"1-0:1.0/usb1-port{name[-1]}"
        port.mkdir(parents=True)
        (port / "disable").write_text("0\n")
        (devices / name).mkdir()
        (devices / name / "idVendor").write_text(f"{ids[0]}\n")
        (devices / name / "idProduct").write_text(f"{ids[1]}\n")
        (devices / name / "port").symlink_to(port)
    return root
