"""The child process that prepares a network of an ONNX file; no other framework is imported.

Reads an order on standard input, and says what it does, as `make_network` does.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.onnx_graphs.cutting import Graph
from hosts.models.onnx_graphs.opening import Whole, whole_of
from hosts.models.onnx_graphs.plain import WEIGHTS, write_graph, write_weights
from hosts.models.onnx_graphs.quantise import quantised
from hosts.models.onnx_graphs.sessions import opened, short
from hosts.models.onnx_graphs.splits import OnnxCut
from hosts.models.prepare.child import guarded
from hosts.models.prepare.make_network import Making, ordered, say
from hosts.models.prepare.prepare import PrepareOrder, key_of
from hosts.models.prepared.artifacts import ArtifactCache
from hosts.models.prepared.manifest import Artifact, Manifest, SplitPoint

_BATCH = 8


def make(order: PrepareOrder, cache: ArtifactCache) -> Manifest:
    """Make all files of a network, those that are there already left alone."""
    with tempfile.TemporaryDirectory(prefix="onnx-") as folder:
        making = OnnxMaking(order, cache, Path(folder))
        artifacts = {**making.tails(), **making.heads_and_weights()}
        artifacts["images"] = making.obtain("images", ".npz", making.write_images, ("precision",))
        artifacts["reference"] = making.obtain(
            "reference", ".npz", making.write_reference, ("precision",)
        )
        manifest = making.manifest_of(artifacts)
        content = msgspec.json.encode(manifest)
        cache.obtain("manifest", key_of(order), ".json", lambda p: _write(p, content))
    return manifest


class OnnxMaking(Making):
    """One network of an ONNX file, read and computed once, when first needed."""

    def __init__(self, order: PrepareOrder, cache: ArtifactCache, folder: Path) -> None:
        super().__init__(order, cache)
        self._folder = folder

    @cached_property
    def whole(self) -> Whole:
        """The network in float32."""
        say(f"reading {Path(self.order.path).name}, and finding where it can be split")
        return whole_of(Path(self.order.path), self._subfolder("whole"))

    @property
    def points(self) -> tuple[OnnxCut, ...]:
        """The split points."""
        return self.whole.splits.cuts

    @property
    def classes(self) -> int:
        """How many the network has."""
        return int(np.prod(self.points[-1].shape))

    def tails(self) -> dict[str, Artifact]:
        """The whole graph in float32, and its weights."""
        without = ("images", "precision", "calibration", "seed", "scaling")
        return {
            "tail": self.obtain("tail", ".onnx", self._copy("graph_path"), without),
            "tail_weights": self.obtain("weights", ".bin", self._copy("weights_path"), without),
        }

    def _copy(self, name: str) -> Callable[[Path], None]:
        return lambda path: _copied(getattr(self.whole, name), path)

    def heads_and_weights(self) -> dict[str, Artifact]:
        """What heads are cut from: for floats the same files as of the tails."""
        if self.order.precision == "float32":
            same = self.tails()
            return {"head": same["tail"], "head_weights": same["tail_weights"]}
        return {
            "head": self.obtain(
                "head", ".onnx", lambda p: _copied(self._integers[0], p), ("images",)
            ),
            "head_weights": self.obtain(
                "head_weights", ".bin", lambda p: _copied(self._integers[1], p), ("images",)
            ),
        }

    @cached_property
    def _integers(self) -> tuple[Path, Path]:
        """The int8 network's graph and weights."""
        graph = self.whole.graph
        say(f"quantising {Path(self.order.path).name} to int8")
        folder = self._subfolder("int8")
        names = [point.name for point in self.points[1:]]
        found = quantised(graph, names, self.calibration, folder / "quantised.onnx")
        files = folder / "graph.onnx", folder / WEIGHTS
        write_weights(found, files[1])
        write_graph(found, files[0])
        return files

    @cached_property
    def outputs(self) -> npt.NDArray[np.float32]:
        """(n, classes) the unsplit float32 network's, for the evaluation images."""
        say("computing the unsplit network's answers")
        graph, images = self.whole.graph, self.evaluation
        session = opened(graph.model, graph.folder)
        step = _BATCH if self.whole.splits.batches else 1
        run = partial(session.run, [graph.output])
        try:
            parts = [
                run({graph.image: images[i : i + step]})[0] for i in range(0, len(images), step)
            ]
        except Exception as error:  # of several kinds, none of them this project's
            raise ModelError(f"ONNX Runtime cannot compute it: {short(error)}") from error
        found = np.concatenate(parts).reshape(len(images), -1).astype(np.float32)
        if not np.isfinite(found).all():
            raise ModelError("its outputs for these images are no finite values")
        return found

    def manifest_of(self, artifacts: dict[str, Artifact]) -> Manifest:
        """What is known of the network once its files are there."""
        heads = Graph.open(*(Path(artifacts[n].path) for n in ("head", "head_weights")))
        last = len(self.points) - 1
        return self.described(
            tuple(_split_point(point, last, heads) for point in self.points), artifacts, "onnx"
        )

    def _subfolder(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder


def _split_point(cut: OnnxCut, last: int, heads: Graph) -> SplitPoint:
    is_integer = heads.quantisation(cut.name) is not None
    return SplitPoint(
        index=cut.index,
        name=cut.name,
        shape=cut.shape,
        bytes=0 if cut.index == last else int(np.prod(cut.shape)) * (1 if is_integer else 4),
        artifact=None if cut.index == 0 else "head",
        dtype="int8" if is_integer else "float32",
    )


def _copied(source: Path, path: Path) -> None:
    shutil.copyfile(source, path)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _work() -> None:
    order, root = ordered(sys.stdin.buffer.read())
    make(order, ArtifactCache(root))


def main() -> int:
    """Make what standard input orders; returns the exit code."""
    return guarded(_work)


if __name__ == "__main__":
    sys.exit(main())
