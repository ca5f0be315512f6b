"""Heads cut out of a LiteRT file: the same numbers, and only what they need."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from hosts.core.errors import ArtifactError, ModelError
from hosts.models.prepare import dense
from hosts.models.runtimes.litert import flatbuffer
from hosts.models.runtimes.litert.cut import cut_head
from tests.hosts.quantised import quantised_input

WIDTHS = (24, 16, 12, 10)
BUILTIN = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES


def relu():
    pass


def softmax():
    pass


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Path:
    """QUANTIZE, then three int8 dense layers, the last one with softmax."""
    random = np.random.default_rng(1)
    model = quantised_input(WIDTHS[0], scale=0.02, zero_point=3)
    for i, (rows, columns) in enumerate(pairwise(WIDTHS)):
        layer = SimpleNamespace(
            name=f"fc{i}",
            kernel=random.normal(0, rows**-0.5, (rows, columns)).astype(np.float32),
            bias=random.normal(0, 0.1, columns).astype(np.float32),
            activation=softmax if i == 2 else relu,
        )
        dense.append(model, layer, (0.0 if i < 2 else -3.0, 3.0))
    path = tmp_path_factory.mktemp("cut") / "chain.tflite"
    path.write_bytes(flatbuffer.write(model))
    return path


def computed(path: Path) -> list[int]:
    """Tensors that operators make, in order."""
    return [int(t) for o in flatbuffer.read(path).subgraphs[0].operators for t in o.outputs]


def interpreter_of(**source) -> Interpreter:
    made = Interpreter(
        **source,
        experimental_op_resolver_type=BUILTIN,
        experimental_preserve_all_tensors=True,
    )
    made.allocate_tensors()
    return made


def run(interpreter: Interpreter, image: np.ndarray) -> None:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()


def test_a_head_gives_the_wholes_numbers_at_every_tensor(chain):
    image = np.random.default_rng(2).normal(0, 1, (1, WIDTHS[0])).astype(np.float32)
    whole = interpreter_of(model_path=str(chain))
    run(whole, image)
    tensors = computed(chain)
    assert len(tensors) == 5
    for tensor in tensors:
        head = interpreter_of(model_content=cut_head(chain, tensor))
        run(head, image)
        output = head.get_output_details()[0]
        expected = whole.get_tensor(tensor)
        np.testing.assert_array_equal(head.get_tensor(output["index"]), expected)
        assert len(np.unique(expected)) > 3  # not all saturated or zero
        assert output["quantization"] == whole.get_tensor_details()[tensor]["quantization"]


def test_a_head_keeps_only_what_it_needs(chain):
    heads = [cut_head(chain, tensor) for tensor in computed(chain)]
    kept = [schema.ModelT.InitFromPackedBuf(head, 0) for head in heads]
    assert [len(m.subgraphs[0].operators) for m in kept] == [1, 2, 3, 4, 5]
    assert [len(m.subgraphs[0].tensors) for m in kept] == [2, 5, 8, 11, 12]
    weights = [sum(b.data.size for b in m.buffers if b.data is not None) for m in kept]
    sizes = [rows * n + 4 * n for rows, n in pairwise(WIDTHS)]
    assert weights == [0, *np.cumsum(sizes), sum(sizes)]  # a softmax has none


def test_a_head_can_be_cut_again(chain, tmp_path):
    tensors = computed(chain)
    again = tmp_path / "head.tflite"
    again.write_bytes(cut_head(chain, tensors[2]))
    assert cut_head(again, computed(again)[0]) == cut_head(chain, tensors[0])


def test_a_tensor_that_is_not_there_is_refused(chain):
    with pytest.raises(ModelError, match=r"tensor 99 asked of .*chain.tflite; it has 0\.\.11"):
        cut_head(chain, 99)
    with pytest.raises(ModelError, match=r"asked of"):
        cut_head(chain, -1)


def test_the_input_is_no_head(chain):
    with pytest.raises(ModelError, match="not computed by any operator"):
        cut_head(chain, 0)


@pytest.mark.parametrize(("content", "why"), [(b"", "truncated"), (b"x" * 40, "LiteRT")])
def test_another_kind_of_file_is_refused(tmp_path, content, why):
    path = tmp_path / "wrong.tflite"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=why):
        cut_head(path, 1)


def test_cutting_needs_no_framework(chain):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from hosts.models.runtimes.litert.cut import cut_head\n"
        f"assert cut_head(Path({str(chain)!r}), {computed(chain)[0]})\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
