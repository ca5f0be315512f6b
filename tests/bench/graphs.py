"""Bars of the networks: cut points, and float32 heads with their tails against the unsplit network.

python -m tests.bench.graphs
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.prepared.manifest import Manifest

if TYPE_CHECKING:
    import keras

CLOSE = 1e-4
"""Of the largest output."""
CUT_MS = 100.0
ROUNDS = 9
_IMAGES = 12
_CLASSES = 100


@dataclass(frozen=True)
class Graph:
    """One network of the bars.

    Attributes:
        name: of a network of the project, or of `keras.applications`.
        side: of the latter's images, in pixels; None: a network of the project.
        scaling: of their pixels.
        eager: its tails are run operation by operation: to trace them would take minutes.
    """

    name: str
    side: int | None = None
    scaling: str = "none"
    eager: bool = False

    def order(self, folder: Path) -> PrepareOrder:
        """What has to be prepared; a file that it needs is written first."""
        if self.side is None:
            return PrepareOrder(self.name, weights="random", precision="float32", images=_IMAGES)
        path = folder / f"{self.name}.keras"
        application(self.name, self.side).save(path)
        return PrepareOrder(
            "keras_file",
            weights="random",
            precision="float32",
            images=_IMAGES,
            path=str(path),
            scaling=self.scaling,
        )


OWN = tuple(Graph(name) for name in ("vgg16", "resnet50", "mobilenet_v2", "vit_b16"))
FURTHER = (
    Graph("ConvNeXtTiny", 64),
    Graph("DenseNet121", 64, "unit", eager=True),
    Graph("Xception", 96, "unit"),
)


def application(name: str, side: int = 224) -> keras.Model:
    """A network of `keras.applications` for square images, with weights as Keras draws them."""
    import keras

    keras.utils.set_random_seed(5)
    build = getattr(keras.applications, name)
    classes = 1000 if side == 224 else _CLASSES
    made: keras.Model = build(weights=None, input_shape=(side, side, 3), classes=classes)
    return made


def brute_force(model: keras.Model) -> list[str]:
    """Names of the calls without whose output nothing of the input reaches the output.

    By definition: the output of each call is removed in turn, and the graph is searched from its
    output backwards for its input.
    """
    from hosts.models.keras_graphs.graph import calls

    made = calls(model)
    made_by = {id(tensor): call for call in made for tensor in call.outputs}

    def reaches_input(removed: object) -> bool:
        todo, seen = [made_by[id(model.outputs[0])]], set()
        while todo:
            call = todo.pop()
            if call is removed or id(call) in seen:
                continue
            seen.add(id(call))
            if not call.inputs:
                return True
            todo += [made_by[id(tensor)] for tensor in call.inputs]
        return False

    return [call.name for call in made if not reaches_input(call)]


def in_float64(model: keras.Model) -> keras.Model:
    """The same network with the same weights, every operation in float64."""
    config = json.dumps(model.get_config()).replace('"float32"', '"float64"')
    made: keras.Model = type(model).from_config(json.loads(config))
    made.set_weights(model.get_weights())
    return made


def differences(manifest: Manifest, eager: bool = False) -> dict[int, float]:
    """By split point, how far head and tail are off the unsplit network.

    As a share of the largest output, for the image whose highest output is lowest: a saturated
    softmax would hide differences. Float32 alone rounds by nearly `CLOSE`, differently on each
    processor. Where two float32 results lie further apart than that, float64 decides whether
    it is the split one that is off.
    """
    import keras
    import tensorflow as tf

    from hosts.models.runtimes.litert.heads import LiteRtHeads
    from hosts.models.runtimes.tensorflow.tails import TensorFlowTails

    assert (manifest.precision, manifest.split_points[1].dtype) == ("float32", "float32")
    heads = LiteRtHeads.open(Path(manifest.artifacts["head"].path), manifest)
    tails = TensorFlowTails.open(Path(manifest.artifacts["tail"].path), manifest)
    images = np.load(manifest.artifacts["images"].path)["images"]
    unsplit = [tails.run(0, image[np.newaxis], None, None) for image in images]
    image, expected = min(zip(images, unsplit, strict=True), key=lambda pair: pair[1].max())
    assert expected.max() < 0.98
    last, outputs = manifest.last_split_point, {}
    tf.config.run_functions_eagerly(eager)
    for point in manifest.split_points:
        tensor = heads.run(point.index, image)
        if point.index == last:
            outputs[point.index] = tensor.array[0]
        else:
            assert tensor.array.nbytes == point.bytes
            outputs[point.index] = tails.run(point.index, *tensor)
    tf.config.run_functions_eagerly(False)
    found = {k: _off(values, expected) for k, values in outputs.items()}
    if max(found.values()) > CLOSE:
        model = keras.models.load_model(manifest.artifacts["tail"].path, compile=False)
        exact = np.asarray(in_float64(model)(image[np.newaxis].astype(np.float64)))[0]
        assert exact.dtype == np.float64
        found = {k: min(off, _off(outputs[k], exact)) for k, off in found.items()}
    return found


def _off(outputs: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(outputs - expected).max() / np.abs(expected).max())


def cuts_ms(model: keras.Model) -> float:
    """Median time to find a graph's cut points."""
    from hosts.models.keras_graphs.graph import cut_points

    took_ms = []
    for _ in range(ROUNDS):
        start_s = time.perf_counter()
        cut_points(model)
        took_ms.append(1e3 * (time.perf_counter() - start_s))
    return statistics.median(took_ms)


def main() -> None:
    """Measure and print."""
    import keras

    from hosts.models.keras_graphs.graph import cut_points

    print(
        f"Cut points (bars: {CUT_MS:.0f} ms, as by brute force); float32 heads with tails against"
    )
    print(f"the unsplit network, worst split point (bar: {CLOSE:.0e} of the largest output)")
    for graph in (*OWN, *FURTHER):
        with tempfile.TemporaryDirectory() as folder:
            manifest = prepare(graph.order(Path(folder)), lambda _what: None, Path(folder))
            model = keras.models.load_model(manifest.artifacts["tail"].path, compile=False)
            same = [cut.name for cut in cut_points(model)] == brute_force(model)
            found = differences(manifest, graph.eager)
            print(
                f"  {graph.name:<14} {len(found):3} split points   {cuts_ms(model):5.2f} ms   "
                f"{'as' if same else 'NOT AS'} by brute force   off by {max(found.values()):.1e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
