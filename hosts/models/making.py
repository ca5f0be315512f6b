"""The process that makes a network ready: builds, quantises, computes references; then ends.

Reads an order on standard input; says what it does on lines that start with `made:`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from hosts.errors import HostError, ModelError
from hosts.models import dataset, network
from hosts.models.artifacts import ArtifactCache, Key
from hosts.models.manifest import Artifact, Manifest, SplitPoint
from hosts.models.prepare import MADE_MARK, Order, key_of

if TYPE_CHECKING:
    import keras

    from hosts.models.graph import CutPoint
    from hosts.models.network import Images


def make(order: Order, cache: ArtifactCache) -> Manifest:
    """Make all files of a network, those that are there already left alone."""
    key = key_of(order)
    making = _Making(order, cache, key)
    tail = cache.obtain(f"{order.network}-tail", key, ".keras", making.write_model)
    model = making.model(tail)
    head = cache.obtain(f"{order.network}-head", key, ".tflite", making.write_head)
    images = cache.obtain(f"{order.network}-images", key, ".npz", making.write_images)
    reference = cache.obtain(f"{order.network}-reference", key, ".npz", making.write_reference)
    artifacts = {"tail": tail, "head": head, "images": images, "reference": reference}
    manifest = making.manifest(model, artifacts)
    cache.obtain("manifest", key, ".json", lambda p: _write(p, msgspec.json.encode(manifest)))
    return manifest


class _Making:
    """One network, its images loaded and its model built once, when first needed."""

    def __init__(self, order: Order, cache: ArtifactCache, key: Key) -> None:
        self.order = order
        self.about = network.find(order.network).ABOUT
        self._network = network.find(order.network)
        self._data = dataset.load(
            order.data,
            order.images,
            order.calibration,
            order.seed,
            self.about.input_shape,
            order.source(self.about.classes),
        )
        self._model: keras.Model | None = None
        self._outputs: npt.NDArray[np.float32] | None = None

    @property
    def calibration(self) -> Images:
        pixels = self._data.calibration.pixels[: self.order.calibration]
        return self._network.preprocess(pixels)

    def write_model(self, path: Path) -> None:
        order = self.order
        self._model = self._network.build(order.weights, order.seed, self.calibration, _say)
        _say("saving the network's weights")
        self._model.save(path)

    def model(self, saved: Artifact) -> keras.Model:
        if self._model is None:
            import keras

            self._model = keras.models.load_model(saved.path, compile=False)
        return self._model

    def write_head(self, path: Path) -> None:
        from hosts.models.int8 import convert_whole

        assert self._model is not None
        convert_whole(self._model, self.calibration, path, _say)

    def write_images(self, path: Path) -> None:
        """Evaluation images, preprocessed, with the unsplit float32 network's classes."""
        arrays = {"images": self.evaluation, "reference_top1": self.outputs.argmax(axis=1)}
        if self._data.evaluation.labels is not None:
            arrays["labels"] = self._labels(self._data.evaluation.labels)
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _labels(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        last = self.outputs.shape[1] - 1
        if labels.max() > last:
            found, name = labels.max(), self.order.network
            raise ModelError(f"the images have the class {found}; {name} has 0..{last}")
        return labels

    def write_reference(self, path: Path) -> None:
        """The unsplit float32 network's outputs (n, classes) for the evaluation images."""
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, outputs=self.outputs)

    @property
    def evaluation(self) -> Images:
        return self._network.preprocess(self._data.evaluation.pixels)

    @property
    def outputs(self) -> npt.NDArray[np.float32]:
        if self._outputs is None:
            _say("computing the unsplit network's answers")
            assert self._model is not None
            images = self.evaluation
            found = [np.asarray(self._model(images[i : i + 8])) for i in range(0, len(images), 8)]
            self._outputs = np.concatenate(found).reshape(len(images), -1).astype(np.float32)
        return self._outputs

    def manifest(self, model: keras.Model, artifacts: dict[str, Artifact]) -> Manifest:
        from hosts.models.graph import cut_points
        from hosts.models.int8 import cut_tensors

        cuts = cut_points(model)
        tensors = cut_tensors(model, Path(artifacts["head"].path), self.calibration[:1])
        labelled = self._data.evaluation.labels is not None and self.order.weights != "random"
        return Manifest(
            network=self.order.network,
            weights=self.order.weights,
            quality="accuracy" if labelled else "fidelity",
            classes=self.about.classes,
            images=self.order.images,
            last_split_point=len(cuts) - 1,
            split_points=tuple(_split_point(cut, len(cuts) - 1, tensors) for cut in cuts),
            artifacts=artifacts,
        )


def _split_point(cut: CutPoint, last: int, tensors: dict[int, int]) -> SplitPoint:
    sent_bytes = int(np.prod(cut.shape)) * (4 if cut.index == 0 else 1)
    return SplitPoint(
        index=cut.index,
        name=cut.name,
        shape=cut.shape,
        bytes=0 if cut.index == last else sent_bytes,
        tensor=tensors.get(cut.index),
    )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _say(what: str) -> None:
    print(MADE_MARK + what, flush=True)


def main() -> int:
    """Make what standard input orders; returns the exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    fields, root = msgspec.json.decode(
        sys.stdin.buffer.read(), type=tuple[dict[str, str | int], str]
    )
    order = msgspec.convert(fields, Order)
    assert asdict(order) == fields
    try:
        make(order, ArtifactCache(Path(root)))
    except HostError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
