"""Small ONNX networks of different families, as PyTorch and others export them."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10


class Network:
    """Nodes and weights; each call adds an operator and gives back the name of its output."""

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.stored: list[Any] = []
        self._times: Counter[str] = Counter()

    def weight(self, *shape: int, fan_in: int = 1) -> str:
        values = self._random.standard_normal(shape) * math.sqrt(2 / fan_in)
        return self.constant(values.astype(np.float32))

    def constant(self, values: Any) -> str:
        name = self._new("weight")
        self.stored.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def __call__(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        name = out or self._new(kind.lower())
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, x: str, channels: int, to: int, kernel: int = 3, **more: Any) -> str:
        group = more.get("group", 1)
        fan_in = channels // group * kernel**2
        weights = self.weight(to, channels // group, kernel, kernel, fan_in=fan_in)
        bias = self.weight(to, fan_in=50)
        return self("Conv", x, weights, bias, pads=[kernel // 2] * 4, **more)

    def dense(self, x: str, wide: int, to: int, out: str = "") -> str:
        weights, bias = self.weight(wide, to, fan_in=wide), self.weight(to, fan_in=50)
        return self("Add", self("MatMul", x, weights), bias, out=out)

    def classified(self, x: str, channels: int) -> None:
        flat = self("Flatten", self("GlobalAveragePool", x))
        weights = self.weight(CLASSES, channels, fan_in=channels)
        self("Gemm", flat, weights, self.weight(CLASSES), out="classes", transB=1)

    def model(self, image: tuple[Any, ...] = ("n", 3, 32, 32), opset: int = 17) -> Any:
        start, end = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("image", image), ("classes", (image[0], CLASSES)))
        )
        graph = helper.make_graph(self.nodes, "made", [start], [end], self.stored)
        opsets = [helper.make_opsetid("", opset)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(made)
        return made

    def _new(self, kind: str) -> str:
        self._times[kind] += 1
        return f"{kind}_{self._times[kind]}"


def plain_cnn() -> Any:
    add = Network(1)
    x = add("Relu", add.conv("image", 3, 8))
    x = add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = add("Relu", add.conv(x, 8, 16))
    add.classified(x, 16)
    return add.model()


def residual() -> Any:
    add = Network(2)
    x = add("Relu", add.conv("image", 3, 8))
    for _ in range(2):
        inner = add.conv(add("Relu", add.conv(x, 8, 8)), 8, 8)
        x = add("Relu", add("Add", inner, x))
    add.classified(x, 8)
    return add.model()


def inverted_residual() -> Any:
    """Expand, depthwise, project; ReLU6 and SiLU; of single images, channels last at its input."""
    add = Network(3)
    low, high = add.constant(np.float32(0)), add.constant(np.float32(6))
    x = add.conv(add("Transpose", "image", perm=[0, 3, 1, 2]), 3, 8, strides=[2, 2])
    for _ in range(2):
        inner = add("Clip", add.conv(x, 8, 24, 1), low, high)
        inner = add.conv(inner, 24, 24, group=24)
        inner = add("Mul", inner, add("Sigmoid", inner))
        x = add("Add", add.conv(inner, 24, 8, 1), x)
    add.classified(x, 8)
    return add.model((1, 32, 32, 3))


def transformer(blocks: int = 2, wide: int = 32, heads: int = 4) -> Any:
    """Patches, attention and an MLP, as a ViT exported with a dynamic batch."""
    add = Network(4)
    tokens = 16
    x = add.conv("image", 3, wide, 1)
    x = add("AveragePool", x, kernel_shape=[8, 8], strides=[8, 8])
    to = add.constant(np.array([0, wide, tokens], np.int64))
    x = add("Transpose", add("Reshape", x, to), perm=[0, 2, 1])
    x = add("Add", x, add.weight(1, tokens, wide, fan_in=8))
    apart = add.constant(np.array([0, tokens, heads, wide // heads], np.int64))
    together = add.constant(np.array([0, tokens, wide], np.int64))

    def norm(x: str) -> str:
        ones = [add.constant(np.full(wide, v, np.float32)) for v in (1, 0)]
        return add("LayerNormalization", x, *ones, axis=-1)

    for _ in range(blocks):
        given = norm(x)
        q, k, v = (add("Reshape", add.dense(given, wide, wide), apart) for _ in range(3))
        q, v = (add("Transpose", one, perm=[0, 2, 1, 3]) for one in (q, v))
        k = add("Transpose", k, perm=[0, 2, 3, 1])
        scores = add("Mul", add("MatMul", q, k), add.constant(np.float32(0.35)))
        seen = add("MatMul", add("Softmax", scores, axis=-1), v)
        seen = add("Reshape", add("Transpose", seen, perm=[0, 2, 1, 3]), together)
        x = add("Add", x, add.dense(seen, wide, wide))
        inner = add.dense(norm(x), wide, 2 * wide)
        gelu = add("Mul", inner, add("Sigmoid", add("Mul", inner, add.constant(np.float32(1.7)))))
        x = add("Add", x, add.dense(gelu, 2 * wide, wide))
    x = add("ReduceMean", norm(x), axes=[1], keepdims=0)
    add.dense(x, wide, CLASSES, out="classes")
    return add.model()


def of_the_library(name: str) -> Any:
    """A light network that comes with `onnx`, of a later opset and with weights of some size."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    model = onnx.version_converter.convert_version(onnx.load(folder / f"{name}.onnx"), 13)
    random, stored = np.random.default_rng(5), {t.name: t for t in model.graph.initializer}
    filled = [n for n in model.graph.node if n.op_type == "ConstantOfShape"]
    roles = {
        one: (node.op_type, place)
        for node in model.graph.node
        for place, one in enumerate(node.input)
    }
    for node in filled:
        shape = numpy_helper.to_array(stored[node.input[0]])
        fan_in = max(1, int(np.prod(shape[1:])))
        values = random.standard_normal(shape) * math.sqrt(2 / fan_in)
        if roles[node.output[0]] in (("BatchNormalization", 1), ("BatchNormalization", 4)):
            values = 1 + random.random(shape)
        values = values.astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, node.output[0]))
        model.graph.node.remove(node)
    return model


FAMILIES: dict[str, Callable[[], Any]] = {
    "plain CNN": plain_cnn,
    "residual": residual,
    "inverted residual": inverted_residual,
    "transformer": transformer,
    "squeezenet": lambda: of_the_library("light_squeezenet"),
    "shufflenet": lambda: of_the_library("light_shufflenet"),
}
