"""Cut points of ONNX graphs against a brute-force search, their work, and what is refused."""

import random
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs import macs
from hosts.models.onnx_graphs.graph import crossing
from hosts.models.onnx_graphs.opening import whole_of
from hosts.models.onnx_graphs.splits import made_up
from hosts.models.prepare.prepare import PrepareOrder, settled
from tests.hosts.models.onnx_making import CLASSES, FAMILIES, Network, plain_cnn, transformer

CUT_MS = 100.0


def brute_force(graph) -> set[str]:
    """Tensors without which nothing of the image reaches the classes, each taken away in turn."""
    image, output = graph.input[0].name, graph.output[0].name
    made_by = {name: node for node in graph.node for name in node.output}

    def reaches(removed: str) -> bool:
        todo, seen = [output], set()
        while todo:
            name = todo.pop()
            if name == removed or name in seen:
                continue
            seen.add(name)
            if name == image:
                return True
            todo += made_by[name].input if name in made_by else []
        return False

    return {name for name in (image, *made_by) if not reaches(name)}


def random_graph(seed: int):
    """Chains, sums and constants; some of it leads nowhere, some is made of constants alone."""
    choose, add = random.Random(seed), Network(seed)
    tensors, constants = ["image"], [add.constant(np.float32(2)) for _ in range(2)]
    for _ in range(choose.randint(2, 12)):
        one, other = choose.choice(tensors[-2:]), choose.choice(tensors[-3:])
        if choose.random() < 0.2:
            constants.append(add("Exp", choose.choice(constants)))
        elif choose.random() < 0.4:
            tensors.append(add("Add", one, other))
        elif choose.random() < 0.3:
            tensors.append(add("Mul", one, choose.choice(constants)))
        else:
            tensors.append(add(choose.choice(("Tanh", "Relu", "Neg")), one))
    add("Identity", tensors[-1], out="classes")
    return add.model().graph


@pytest.mark.parametrize("seed", range(40))
def test_cuts_of_random_graphs_are_those_of_a_brute_force_search(seed):
    graph = random_graph(seed)
    found = [name for name, _ in crossing(graph)]
    assert set(found) == brute_force(graph)
    assert (found[0], found[-1]) == ("image", "classes")


@pytest.mark.parametrize("name", FAMILIES)
def test_cuts_of_a_network_are_found_within_the_bar(name):
    graph = FAMILIES[name]().graph
    stored = {t.name for t in graph.initializer}
    for one in [i for i in graph.input if i.name in stored]:
        graph.input.remove(one)
    began = time.perf_counter()
    found = crossing(graph)
    assert (time.perf_counter() - began) * 1e3 <= CUT_MS
    assert {name for name, _ in found} == brute_force(graph)


def opened(model, folder, name="net.onnx"):
    onnx.save(model, folder / name)
    return whole_of(folder / name, folder)


def test_a_transformer_is_cut_between_its_halves_only(tmp_path):
    whole = opened(transformer(), tmp_path)
    shapes = {cut.name: cut.shape for cut in whole.splits.cuts}
    assert [name for name in shapes if name.startswith("layernormalization")] == [
        "layernormalization_5"  # the others are beside the sum that goes round them
    ]
    assert shapes["transpose_1"] == (16, 32)
    assert whole.splits.batches


def test_work_of_known_operators_is_counted(tmp_path):
    add = Network()
    x = add.conv("image", 3, 8, group=1, strides=[2, 2])
    x = add.conv(x, 8, 8, group=8)
    weights = add.weight(8, 4, 2, 2)
    x = add("ConvTranspose", x, weights, strides=[2, 2])
    add.classified(x, 4)
    whole = opened(add.model(), tmp_path)
    by_name = dict(
        zip(
            (cut.name for cut in whole.splits.cuts),
            macs.mmac_by_cut(whole.graph, whole.splits.cuts, made_up(whole.ends, 1)),
            strict=True,
        )
    )
    conv = 16 * 16 * 8 * 27
    depthwise = conv + 16 * 16 * 8 * 9
    transposed = depthwise + 16 * 16 * 8 * 4 * 2 * 2
    total = transposed + 4 * CLASSES
    heads = {"conv_1": conv, "conv_2": depthwise, "convtranspose_1": transposed, "classes": total}
    for name, expected in heads.items():
        assert by_name[name] == pytest.approx((expected / 1e6, (total - expected) / 1e6))


def test_work_of_matrices_is_counted_whatever_stands_for_them(tmp_path):
    found = {}
    for kind in ("MatMul", "Einsum"):
        add = Network()
        flat = add("Flatten", "image")
        more = {"equation": "bi,io->bo"} if kind == "Einsum" else {}
        add(kind, flat, add.weight(3 * 32 * 32, CLASSES), out="classes", **more)
        whole = opened(add.model(), tmp_path)
        found[kind] = macs.mmac_by_cut(whole.graph, whole.splits.cuts, made_up(whole.ends, 1))
    assert found["MatMul"] == found["Einsum"]
    assert found["MatMul"][0] == (0, pytest.approx(3 * 32 * 32 * CLASSES / 1e6))


def with_second_input(model):
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", 1]))


def with_second_output(model):
    model.graph.output.append(helper.make_tensor_value_info("relu_1", TensorProto.FLOAT, None))


def with_branch(model):
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in ("a",)]
    then = helper.make_graph([helper.make_node("Identity", ["relu_1"], ["a"])], "then", [], ends)
    chosen = numpy_helper.from_array(np.array(True), "chosen")
    model.graph.initializer.append(chosen)
    node = helper.make_node("If", ["chosen"], ["branched"], then_branch=then, else_branch=then)
    model.graph.node.insert(2, node)


def with_node(kind, domain=""):
    def changed(model):
        model.graph.node.insert(2, helper.make_node(kind, ["relu_1"], ["x"], "mine", domain=domain))
        if domain:
            model.opset_import.append(helper.make_opsetid(domain, 1))

    return changed


def with_training(model):
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "trains"))
    node = helper.make_node("Dropout", ["relu_1", "", "trains"], ["x"], "mine")
    model.graph.node.insert(2, node)


def with_opset(version):
    def changed(model):
        model.opset_import[0].version = version

    return changed


def with_nan(model):
    values = numpy_helper.to_array(model.graph.initializer[0]).copy()
    values[0, 0, 0, 0] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(values, "weight_1"))


def with_short_weights(model):
    tensor = model.graph.initializer[0]
    tensor.raw_data = tensor.raw_data[:-4]


def with_image(*sizes):
    def changed(model):
        kind = TensorProto.FLOAT if sizes[-1] != "bytes" else TensorProto.UINT8
        shape = sizes if sizes[-1] != "bytes" else sizes[:-1]
        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("image", kind, shape))

    return changed


def with_classes(*sizes):
    def changed(model):
        model.graph.output[0].CopyFrom(
            helper.make_tensor_value_info("classes", TensorProto.FLOAT, sizes)
        )

    return changed


REFUSED = {
    "several inputs": (with_second_input, r"has 2 inputs \(image, mask\); only graphs with one"),
    "several outputs": (with_second_output, r"has 2 outputs \(classes, relu_1\)"),
    "control flow": (with_branch, r"has control flow: If \(branched\)"),
    "an unknown operator": (with_node("Warp"), r"the operator Warp \(mine\), which opset 17 of"),
    "a custom domain": (
        with_node("Warp", "my.ops"),
        r"Warp \(mine\) of the domain my.ops; allowed",
    ),
    "chance": (with_node("RandomNormalLike"), r"RandomNormalLike .* another result at each call"),
    "dropout": (with_training, r"Dropout \(mine\), which gives another result at each call"),
    "an old opset": (with_opset(11), r"uses opset 11; allowed: 13 to \d+; export it anew, or"),
    "a new opset": (with_opset(99), r"uses opset 99; allowed: 13 to \d+; export it with an older"),
    "NaN weights": (with_nan, r"has NaN in 1 of 216 values of the weights 'weight_1'"),
    "short weights": (with_short_weights, r"is damaged: 'weight_1' of shape .* holds 860 bytes"),
    "a batch of four": (with_image(4, 3, 32, 32), r"takes 4 images at once; a batch of any size"),
    "any size": (with_image("n", 3, "h", "w"), r"shape \? x 3 x \? x \?; images of a fixed size"),
    "odd channels": (with_image("n", 7, 32, 32), r"7 x 32 x 32; images of 1, 3 or 4 channels"),
    "bytes": (
        with_image("n", 3, 32, 32, "bytes"),
        r"takes values of type uint8 \(image\); float32",
    ),
    "one class": (with_classes("n", 1), r"shape \(1,\); a value for each .* a sigmoid's single"),
    "a picture": (with_classes("n", 10, 4, 4), r"has an output of shape \(10, 4, 4\); a value for"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.fault(
    group="networks",
    fault="an ONNX file with several inputs or outputs, control flow, unknown operators, another "
    "domain's, old opsets, NaN or damaged weights, other inputs than images",
    seen="one line that names the operator, the weights or the version",
    kept="nothing is sent to a host",
)
def test_what_cannot_be_split_is_refused_by_name(name, tmp_path):
    change, told = REFUSED[name]
    model = plain_cnn()
    change(model)
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match=told) as refused:
        whole_of(tmp_path / "net.onnx", tmp_path)
    assert "\n" not in str(refused.value)
    assert "net.onnx" in str(refused.value)


def saved_apart(folder):
    path = folder / "net.onnx"
    onnx.save(plain_cnn(), path, save_as_external_data=True, location="net.bin", size_threshold=0)
    return path


def test_weights_beside_the_file_belong_to_it(tmp_path):
    path = saved_apart(tmp_path)
    order = settled(PrepareOrder("onnx_file", path=str(path)))
    assert order.about().files == (tmp_path / "net.bin",)
    assert order.about().input_shape == (32, 32, 3)
    (tmp_path / "made").mkdir()
    assert len(whole_of(path, tmp_path / "made").splits.cuts) == 9


@pytest.mark.parametrize("what", ["missing", "short", "elsewhere"])
@pytest.mark.fault(
    group="networks",
    fault="an ONNX file whose weights beside it are missing, short, or said to lie elsewhere",
    seen="one line that names the file",
    kept="nothing outside the network's folder is read",
)
def test_weights_that_are_not_beside_the_file_are_named(what, tmp_path):
    path = saved_apart(tmp_path)
    weights, told = tmp_path / "net.bin", f"in net.bin, which is not there: copy it to {tmp_path}"
    if what == "missing":
        weights.unlink()
    elif what == "short":
        weights.write_bytes(weights.read_bytes()[:-1])
        told = "net.bin has .* bytes; net.onnx expects .* at least: it is truncated"
    else:
        model = onnx.load(path, load_external_data=False)
        model.graph.initializer[0].external_data[0].value = "../net.bin"
        path.write_bytes(model.SerializeToString())
        told = "in '../net.bin'; only files in its own folder are read"
    with pytest.raises(ModelError, match=told):
        settled(PrepareOrder("onnx_file", path=str(path)))


@pytest.mark.parametrize("content", [b"", b"no model", bytes(range(256)), None])
def test_a_file_that_is_no_model_is_refused(content, tmp_path):
    path = tmp_path / "net.onnx"
    whole = plain_cnn().SerializeToString()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ModelError, match=r"net.onnx is no ONNX model: it (is truncated|has no)"):
        settled(PrepareOrder("onnx_file", path=str(path)))


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "net.onnx"
    with path.open("wb") as file:
        file.truncate(3 << 30)  # takes no room
    with pytest.raises(ModelError, match=r"has 3.0 GB; one ONNX file has at most 2: export it"):
        settled(PrepareOrder("onnx_file", path=str(path)))


def test_weights_larger_than_this_machine_can_hold_are_refused_unread(tmp_path):
    path = saved_apart(tmp_path)
    with (tmp_path / "net.bin").open("r+b") as file:
        file.truncate(1 << 42)
    with pytest.raises(ModelError, match=r"has weights of 4096.0 GB; this machine has"):
        settled(PrepareOrder("onnx_file", path=str(path)))


def test_options_that_an_onnx_file_does_not_have_are_refused(tmp_path):
    path = str(tmp_path / "net.onnx")
    onnx.save(plain_cnn(), path)
    for more, told in (
        ({"weights": "random"}, "model.weights=random asked for onnx_file; allowed: auto, stored"),
        ({"precision": "float16"}, "float16 asked of an ONNX network; allowed: auto, int8, float"),
        ({"scaling": "half"}, "model.scaling=half asked; allowed: none, unit, signed, imagenet"),
        ({"path": ""}, "model=onnx_file needs model.path=FILE.onnx"),
    ):
        with pytest.raises(ModelError, match=told):
            settled(PrepareOrder("onnx_file", **{"path": path, **more}))


def test_pixels_are_scaled_and_laid_out_as_the_graph_takes_them(tmp_path):
    from hosts.models.networks import base

    onnx.save(plain_cnn(), tmp_path / "net.onnx")
    pixels = np.full((2, 32, 32, 3), 255, np.uint8)
    made = base.find("onnx_file", str(tmp_path / "net.onnx"), "imagenet").preprocess(pixels)
    assert made.shape == (2, 3, 32, 32)
    assert made[0, :, 0, 0] == pytest.approx([2.2489, 2.4286, 2.64], abs=1e-4)
