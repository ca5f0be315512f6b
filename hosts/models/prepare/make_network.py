"""The child process that prepares a network: builds, converts, computes references.

Reads an order on standard input; says what it does on lines that start with `made:`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.datasets import base as datasets
from hosts.models.keras_graphs.light_keras import import_keras
from hosts.models.networks import base as networks
from hosts.models.prepare.child import guarded
from hosts.models.prepare.prepare import MADE_MARK, PrepareOrder, key_of, weights_name
from hosts.models.prepare.same_bytes import with_same_bytes
from hosts.models.prepared.artifacts import ArtifactCache
from hosts.models.prepared.manifest import Artifact, Manifest, SplitPoint

if TYPE_CHECKING:
    import keras

    from hosts.models.keras_graphs.graph import CutPoint
    from hosts.models.networks.base import Images
    from hosts.models.prepare.rounding import Kernels

_MATCHED = 4
"""Images by which the tensors of a recurrent network's file are found."""

Place = tuple[str, int]
"""Which file a head is cut from, and the tensor in it."""


def make(order: PrepareOrder, cache: ArtifactCache) -> Manifest:
    """Make all files of a network, those that are there already left alone."""
    making = Making(order, cache)
    artifacts = {
        "tail": making.obtain("tail", ".keras", making.write_model, ("images", "precision")),
        "head": making.obtain("head", ".tflite", making.write_head, ("images",)),
        "images": making.obtain("images", ".npz", making.write_images, ("precision",)),
        "reference": making.obtain("reference", ".npz", making.write_reference, ("precision",)),
    }
    places, apart = making.heads(artifacts["head"])
    manifest = making.manifest(places, {**artifacts, **apart})
    content = msgspec.json.encode(manifest)
    cache.obtain("manifest", key_of(order), ".json", lambda p: _write(p, content))
    return manifest


class Making:
    """One network, its images loaded and its model built once, when first needed."""

    def __init__(self, order: PrepareOrder, cache: ArtifactCache) -> None:
        self.order = order
        self._cache = cache
        self._network = networks.find(order.network, order.path, order.scaling)
        self._data = datasets.load(
            order.data,
            order.images,
            order.calibration,
            order.seed,
            self._network.ABOUT.input_shape,
            order.source(self._network.ABOUT.classes, self._network.ABOUT.resampling),
        )
        self._model: keras.Model | None = None
        self._saved: Path | None = None
        self._cuts: list[CutPoint] = []
        self._outputs: npt.NDArray[np.float32] | None = None
        self._rounded: Kernels | None = None

    def obtain(
        self, name: str, suffix: str, write: Callable[[Path], None], without: tuple[str, ...]
    ) -> Artifact:
        """A file, made only if it is not there."""
        key = key_of(self.order, without)
        found = self._cache.obtain(f"{self.order.network}-{name}", key, suffix, write)
        if name == "tail":
            self._saved = Path(found.path)
        return found

    @property
    def calibration(self) -> Images:
        """Preprocessed images that set the ranges of activations."""
        pixels = self._data.calibration.pixels[: self.order.calibration]
        return self._network.preprocess(pixels)

    @property
    def model(self) -> keras.Model:
        """The network, as its file holds it."""
        if self._model is None:
            from hosts.models.keras_graphs.keras_files import load_model

            assert self._saved is not None
            self._model = load_model(self._saved)
        return self._model

    @property
    def cuts(self) -> list[CutPoint]:
        """Its split points."""
        from hosts.models.keras_graphs.graph import chosen, cut_points

        if not self._cuts:
            self._cuts = chosen(cut_points(self.model), self._network.ABOUT.split_points)
        return self._cuts

    @property
    def classes(self) -> int:
        """How many the network has."""
        return int(np.prod(self.cuts[-1].shape))

    def write_model(self, path: Path) -> None:
        """Write the network with its weights."""
        order = self.order
        self._model = self._network.build(order.weights, order.seed, self.calibration, say)
        self._cuts = self.cuts  # what cannot be cut is refused before it is saved
        say("saving the network's weights")
        self._model.save(path)
        with_same_bytes(path)

    def write_head(self, path: Path) -> None:
        """Write the file that heads are cut from."""
        from hosts.models.prepare.convertible import check
        from hosts.models.prepare.whole import convert_whole

        if self.order.path:
            check(self.model, self.order.precision, say)
        with self._as_converted():
            convert_whole(self.model, self.calibration, path, say, self.order.precision)

    def _write_one_head(self, cut: CutPoint, path: Path) -> None:
        from hosts.models.prepare.whole import convert_head

        with self._as_converted():
            convert_head(self.model, cut, self.calibration, path, precision=self.order.precision)

    @contextmanager
    def _as_converted(self) -> Iterator[None]:
        """For integers the model holds weights that are rounded already, for a while."""
        from hosts.models.prepare.rounding import holding, rounded_kernels

        if self.order.precision != "int8":
            yield
            return
        if self._rounded is None:
            say(f"rounding the weights of {self.model.name}")
            self._rounded = rounded_kernels(self.model, self.calibration)
        with holding(self.model, self._rounded):
            yield

    def write_images(self, path: Path) -> None:
        """Evaluation images, preprocessed, with the unsplit float32 network's classes."""
        datasets.check(self.order.data, self.order.source(self.classes))
        arrays = {"images": self.evaluation, "reference_top1": self.outputs.argmax(axis=1)}
        if self._data.evaluation.labels is not None:
            arrays["labels"] = self._labels(self._data.evaluation.labels)
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _labels(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        last = self.outputs.shape[1] - 1
        if labels.max() > last:
            found, name = labels.max(), self.order.label
            raise ModelError(f"the images have the class {found}; {name} has 0..{last}")
        return labels

    def write_reference(self, path: Path) -> None:
        """The unsplit float32 network's outputs (n, classes) for the evaluation images."""
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, outputs=self.outputs)

    @property
    def evaluation(self) -> Images:
        """Preprocessed images that outputs are judged on."""
        return self._network.preprocess(self._data.evaluation.pixels)

    @property
    def outputs(self) -> npt.NDArray[np.float32]:
        """(n, classes) the unsplit float32 network's, for the evaluation images."""
        if self._outputs is None:
            say("computing the unsplit network's answers")
            images = self.evaluation
            found = [np.asarray(self.model(images[i : i + 8])) for i in range(0, len(images), 8)]
            self._outputs = np.concatenate(found).reshape(len(images), -1).astype(np.float32)
        return self._outputs

    def heads(self, whole: Artifact) -> tuple[dict[int, Place], dict[str, Artifact]]:
        """The location of each head, and files of those that the whole's does not have."""
        from hosts.models.prepare.litert import recurrent_kinds
        from hosts.models.prepare.matching import cut_tensors
        from hosts.models.prepare.whole import output_tensor

        order, calibration = self.order, self.calibration
        images = calibration[: _MATCHED if recurrent_kinds(self.model) else 1]
        tensors = cut_tensors(self.model, self.cuts, Path(whole.path), images, order.precision)
        places = {k: ("head", tensor) for k, tensor in tensors.items()}
        missing = [cut for cut in self.cuts[1:] if cut.index not in tensors]
        apart: dict[str, Artifact] = {}
        for place, cut in enumerate(missing, 1):
            say(f"head {place} of {len(missing)} that the whole's file lacks: {cut.name}")
            name = f"head_{cut.index}"
            write = partial(self._write_one_head, cut)
            apart[name] = self.obtain(name, ".tflite", write, ("images",))
            places[cut.index] = (name, output_tensor(Path(apart[name].path)))
        return places, apart

    def manifest(self, places: dict[int, Place], artifacts: dict[str, Artifact]) -> Manifest:
        """The manifest; `places` says where each head is cut."""
        cuts = self.cuts
        points = tuple(
            _split_point(cut, len(cuts) - 1, places.get(cut.index), artifacts) for cut in cuts
        )
        return self.described(points, artifacts, "keras")

    def described(
        self, points: tuple[SplitPoint, ...], artifacts: dict[str, Artifact], graph: str
    ) -> Manifest:
        """The manifest, of all split points, all files and the kind of network."""
        order = self.order
        labelled = self._data.evaluation.labels is not None and order.weights != "random"
        return Manifest(
            network=order.network,
            weights=weights_name(order),
            precision=order.precision,
            quality="accuracy" if labelled else "fidelity",
            classes=self.classes,
            images=order.images,
            last_split_point=len(points) - 1,
            split_points=points,
            artifacts=artifacts,
            graph=graph,
        )


def _split_point(
    cut: CutPoint, last: int, place: Place | None, artifacts: dict[str, Artifact]
) -> SplitPoint:
    from hosts.models.prepare.whole import dtype_of

    dtype = "float32" if place is None else dtype_of(Path(artifacts[place[0]].path), place[1])
    element_bytes = 1 if dtype == "int8" else 4
    return SplitPoint(
        index=cut.index,
        name=cut.name,
        shape=cut.shape,
        bytes=0 if cut.index == last else int(np.prod(cut.shape)) * element_bytes,
        artifact=place[0] if place else None,
        tensor=place[1] if place else None,
        dtype=dtype,
    )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def say(what: str) -> None:
    """Tell the parent process what is done."""
    print(MADE_MARK + what, flush=True)


def ordered(content: bytes) -> tuple[PrepareOrder, Path]:
    """The order that standard input has, and the cache's folder."""
    fields, root = msgspec.json.decode(content, type=tuple[dict[str, str | int], str])
    order = msgspec.convert(fields, PrepareOrder)
    assert asdict(order) == fields
    return order, Path(root)


def _work() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    order, root = ordered(sys.stdin.buffer.read())
    import_keras()
    make(order, ArtifactCache(root))


def main() -> int:
    """Make what standard input orders; returns the exit code."""
    return guarded(_work)


if __name__ == "__main__":
    sys.exit(main())
