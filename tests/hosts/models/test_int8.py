"""int8 files of whole networks: near float32, near TensorFlow's own, and mapped to the graph."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hosts.core.errors import ModelError
from hosts.models.runtimes.litert import flatbuffer
from hosts.models.runtimes.litert.cut import cut_head

SHAPE = (16, 16, 3)
CUTS = ["conv1", "conv2", "pool", "flatten", "fc1", "fc2", "predictions"]
NEVER = 10**12
APPEND = 5_000  # fc1 has 65,536 weights, conv2 has 4,608


def silent(_what: str) -> None:
    pass


@pytest.fixture(scope="module")
def model():
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    draw = {"kernel_initializer": "he_normal", "bias_initializer": "random_normal"}
    image = keras.Input(SHAPE, name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1", **draw)(image)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2", **draw)(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(32, activation="relu", name="fc1", **draw)(x)
    x = layers.Dense(24, activation="relu", name="fc2", **draw)(x)
    x = layers.Dense(10, activation="softmax", name="predictions", **draw)(x)
    return keras.Model(image, x, name="small")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(4).normal(0, 1, (96, *SHAPE)).astype(np.float32)


@pytest.fixture(scope="module", params=[NEVER, APPEND], ids=["converter", "appended"])
def whole(request, files) -> Path:
    return files[request.param]


@pytest.fixture(scope="module")
def files(model, images, tmp_path_factory) -> dict[int, Path]:
    """The same network quantised by the converter alone, and with its dense layers appended."""
    from hosts.models.prepare.whole import convert_whole

    folder = tmp_path_factory.mktemp("int8")
    made = {}
    for threshold in (NEVER, APPEND):
        made[threshold] = folder / f"{threshold}.tflite"
        convert_whole(model, images[:64], made[threshold], silent, large_weights=threshold)
    return made


def interpreter_of(**source):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    made = Interpreter(
        **source,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    made.allocate_tensors()
    return made


def run(interpreter, image):
    """(int8 or float32 output, its real values)."""
    entry = interpreter.get_input_details()[0]
    assert entry["dtype"] == np.float32
    interpreter.set_tensor(entry["index"], image[np.newaxis])
    interpreter.invoke()
    output = interpreter.get_output_details()[0]
    found = interpreter.get_tensor(output["index"])
    return found, real(found, output)


def real(values, detail):
    scale, zero_point = detail["quantization"]
    return (values.astype(np.float32) - zero_point) * scale if scale else values


def outputs(path, images):
    interpreter = interpreter_of(model_path=str(path))
    return np.concatenate([run(interpreter, image)[1] for image in images])


@pytest.mark.medium
def test_appended_layers_agree_with_the_converters_and_with_float32(model, files, images):
    floats = np.asarray(model(images))
    converter, appended = (outputs(files[t], images) for t in (NEVER, APPEND))
    step = 1 / 256
    assert np.abs(appended - converter).mean() < 2 * step
    assert (appended.argmax(1) == converter.argmax(1)).mean() >= 0.95
    worse = np.abs(appended - floats).mean() / np.abs(converter - floats).mean()
    assert worse < 1.25  # appending costs no accuracy that the converter keeps
    assert (appended.argmax(1) == floats.argmax(1)).mean() >= 0.95
    assert len(set(floats.argmax(1))) >= 4  # agreement means something


@pytest.mark.medium
def test_the_appended_layers_have_int8_weights_by_channel(files):
    from ai_edge_litert import schema_py_generated as schema

    read = flatbuffer.read(files[APPEND])
    graph = read.subgraphs[0]
    codes = [read.operatorCodes[o.opcodeIndex].builtinCode for o in graph.operators]
    dense = [
        o
        for o, c in zip(graph.operators, codes, strict=True)
        if c == schema.BuiltinOperator.FULLY_CONNECTED
    ]
    assert [len(graph.tensors[o.inputs[1]].quantization.scale) for o in dense] == [32, 24, 10]
    assert {graph.tensors[o.inputs[1]].type for o in dense} == {schema.TensorType.INT8}
    assert {graph.tensors[o.inputs[2]].type for o in dense} == {schema.TensorType.INT32}


@pytest.mark.medium
def test_every_cut_has_its_tensor(model, whole, images):
    import keras

    from hosts.models.keras_graphs.graph import cut_points
    from hosts.models.prepare.matching import cut_tensors

    tensors = cut_tensors(model, cut_points(model), whole, images[:1])
    assert sorted(tensors) == list(range(1, 8))
    graph = flatbuffer.read(whole).subgraphs[0]
    places = [
        [int(t) for o in graph.operators for t in o.outputs].index(tensors[k]) for k in range(1, 8)
    ]
    assert places == sorted(set(places))
    floats = keras.Model(model.inputs[0], [model.get_layer(n).output for n in CUTS])(images[70:71])
    for k, expected in enumerate(floats, 1):
        found = run(interpreter_of(model_content=cut_head(whole, tensors[k])), images[70])[1]
        assert found.shape == tuple(expected.shape)
        spread = float(np.std(expected))
        assert np.abs(found - np.asarray(expected)).mean() < 0.05 * spread, k


@pytest.mark.medium
def test_heads_are_bit_identical_to_the_whole(model, whole, images):
    from hosts.models.keras_graphs.graph import cut_points
    from hosts.models.prepare.matching import cut_tensors

    cuts = cut_points(model)
    tensors = cut_tensors(model, cuts, whole, images[:1])
    assert set(tensors) == {cut.index for cut in cuts if cut.index}
    reference = interpreter_of(model_path=str(whole))
    for image in images[80:84]:
        run(reference, image)
        for k, tensor in tensors.items():
            found = run(interpreter_of(model_content=cut_head(whole, tensor)), image)[0]
            np.testing.assert_array_equal(found, reference.get_tensor(tensor), err_msg=str(k))


@pytest.mark.medium
def test_a_file_of_another_network_is_not_mapped(model, whole, images):
    import keras

    from hosts.models.keras_graphs.graph import cut_points
    from hosts.models.prepare.matching import cut_tensors

    other = keras.models.clone_model(model)  # draws its weights anew
    with pytest.raises(ModelError, match="none of small's split points has a counterpart"):
        cut_tensors(other, cut_points(other), whole, images[:1])


@pytest.mark.medium
def test_weights_left_out_are_noticed(model, images, tmp_path, monkeypatch):
    from hosts.models.prepare import whole

    monkeypatch.setattr(whole, "convert", lambda *_: b"\0" * 1000)
    with pytest.raises(ModelError, match="some were left out"):
        whole.convert_whole(model, images, tmp_path / "x.tflite", silent, large_weights=NEVER)


ROOT = Path(__file__).resolve().parents[3]


def peak_mb_of(command) -> float:
    """Run a program; its greatest resident memory, summed over it and its children."""
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    root, peak = psutil.Process(program.pid), 0
    while program.poll() is None:
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (root, *root.children(recursive=True)):
                total += process.memory_info().rss
        peak = max(peak, total)
        time.sleep(0.05)
    assert program.returncode == 0
    return peak / 2**20


def _check_last_layer(whole, path, tensors, floats) -> None:
    """Against float32 arithmetic on its own int8 input: what added up before does not count.

    This image's logits leave the range seen in calibration, so they are clipped as int8 clips.
    """
    details = {d["index"]: d for d in whole.get_tensor_details()}
    before, found = (real(whole.get_tensor(t), details[t]) for t in (tensors[21], tensors[22]))
    scale, zero_point = details[int(flatbuffer.read(path).subgraphs[0].operators[-1].inputs[0])][
        "quantization"
    ]
    logits = before @ floats["kernel"] + floats["bias"]
    logits = np.clip(logits, (-128 - zero_point) * scale, (127 - zero_point) * scale)
    expected = np.exp(logits - logits.max())
    error = np.abs(found - expected / expected.sum()).max()
    print(f"last layer on its own input: off by at most {error:.3f}")
    assert error < 0.05


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_vgg16_within_memory_and_its_heads_near_float32(tmp_path):
    peak_mb = peak_mb_of([sys.executable, "-m", "tests.hosts.models.vgg16_int8", str(tmp_path)])
    made = json.loads((tmp_path / "made.json").read_text())
    tensors = {int(k): t for k, t in made["tensors"].items()}
    path, floats = tmp_path / "vgg16.tflite", np.load(tmp_path / "floats.npz")
    print(f"peak {peak_mb:.0f} MB, {path.stat().st_size} bytes")
    print(f"{made['took_s']:.1f} s, {made['cpu_s']:.1f} s of CPU")
    whole = interpreter_of(model_path=str(path))
    run(whole, floats["image"][0])
    for k in (1, 10, 18, 19, 20, 22):
        before_s = time.monotonic()
        head = cut_head(path, tensors[k])
        cut_ms = 1000 * (time.monotonic() - before_s)
        found, values = run(interpreter_of(model_content=head), floats["image"][0])
        np.testing.assert_array_equal(found, whole.get_tensor(tensors[k]))
        expected = floats[str(k)]
        alike = np.corrcoef(values.ravel(), expected.ravel())[0, 1]
        error = np.abs(values - expected).mean() / np.abs(expected - expected.mean()).mean()
        print(f"k={k}: {len(head)} bytes, {cut_ms:.0f} ms, error {error:.3f}, r {alike:.4f}")
        assert alike > 0.9 or k == 22, k  # softmax amplifies what has added up: checked below
    _check_last_layer(whole, path, tensors, floats)
    for k, most_mb in ((1, 30), (18, 100)):  # of 139 MB
        words = [sys.executable, "-m", "tests.hosts.models.cutting", str(path), str(tensors[k])]
        grown = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
        print(f"cutting k={k} takes {float(grown.stdout):.1f} MB")
        assert float(grown.stdout) < most_mb
    assert 138e6 < path.stat().st_size < 141e6
    assert peak_mb < 4500
