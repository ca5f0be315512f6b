"""A tiny int8 network, and sysfs files of a Coral, made by the test."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from hosts.models import flatbuffer
from hosts.models.artifacts import sha256_of
from hosts.models.manifest import Artifact, Manifest, SplitPoint

SIZE, SCALE, ZERO = 6, 0.02, 3


@pytest.fixture
def whole(tmp_path) -> Path:
    """A LiteRT file whose one operator makes a float32 input int8."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.QUANTIZE
    model.operatorCodes = [code]
    real, steps = schema.TensorT(), schema.TensorT()
    for tensor, name in ((real, "image"), (steps, "quantised")):
        tensor.name, tensor.shape = name, np.array((1, SIZE), np.int32)
    steps.type = schema.TensorType.INT8
    steps.quantization = schema.QuantizationParametersT()
    steps.quantization.scale = np.array([SCALE], np.float32)
    steps.quantization.zeroPoint = np.array([ZERO], np.int64)
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0], [1]
    graph.tensors, graph.operators, graph.inputs, graph.outputs = (
        [real, steps],
        [operator],
        [0],
        [1],
    )
    path = tmp_path / "whole.tflite"
    path.write_bytes(flatbuffer.write(model))
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
