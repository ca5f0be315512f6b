"""Makes a network ready to run; what is in the cache already costs no framework's import."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import msgspec

from hosts.core.errors import ArtifactError, HostError, ModelError
from hosts.models.datasets import base as datasets
from hosts.models.datasets.base import Resampling, Source
from hosts.models.networks import base as networks
from hosts.models.networks._weights import resolve
from hosts.models.networks.base import NetworkFacts, Progress
from hosts.models.prepare.child import run_child
from hosts.models.prepare.litert import PRECISIONS
from hosts.models.prepared.artifacts import ArtifactCache, Key, sha256_of
from hosts.models.prepared.manifest import Manifest

_LIBRARIES = {
    "keras": ("tensorflow", "tensorflow-cpu", "keras", "ai-edge-litert", "numpy", "scikit-learn"),
    "onnx": ("onnx", "onnxruntime", "onnxruntime-gpu", "numpy", "scikit-learn"),
}
"""Those that a kind of network is made with, and may come out otherwise with another version."""
_PRECISIONS = {"keras": PRECISIONS, "onnx": ("int8", "float32")}
_MAKERS = {
    "keras": "hosts.models.prepare.make_network",
    "onnx": "hosts.models.prepare.make_onnx",
}
MADE_MARK = "made: "


@dataclass(frozen=True)
class PrepareOrder:
    """The order to prepare a network and its images.

    Attributes:
        network: its name.
        weights: `auto`, `imagenet`, `trained`, `stored`, `random`, or a file.
        data: the data set's name. images: how many for evaluation.
        calibration: how many for calibration. seed: of weights and choices.
        precision: of the heads: `auto` (the network's own), `int8`, `float32` or `float16`.
        path: the file of the networks `keras_file` and `onnx_file`. scaling: of its pixels, a
            name that the network knows.
        data_path: where the images are (see `datasets.Source`), likewise `data_...`.
    """

    network: str
    weights: str = "auto"
    data: str = ""
    images: int = 24
    calibration: int = 24
    seed: int = 0
    precision: str = "auto"
    path: str = ""
    scaling: str = "none"
    data_path: str = ""
    data_labels: str = ""
    data_tfds: str = ""
    data_split: str = ""

    @property
    def label(self) -> str:
        """The network's name in messages; a network of a file has the file's name."""
        return Path(self.path).name if self.path else self.network

    def about(self) -> NetworkFacts:
        """Facts about the network.

        Raises:
            ModelError: there is no such network, or its file cannot be used.
        """
        return networks.find(self.network, self.path, self.scaling).ABOUT

    def source(self, classes: int = 0, resampling: Resampling = "bilinear") -> Source:
        """The source of the images.

        Args:
            classes: how many the network has.
            resampling: how its pictures are resized.
        """
        where = (self.data_path, self.data_labels, self.data_tfds, self.data_split)
        return Source(*where, classes, resampling)


@dataclass(frozen=True)
class Plan:
    """The work that preparing would take: none if `ready`.

    Attributes:
        weights: which weights it would take. size_mb: about what it would write.
    """

    ready: bool
    weights: str
    size_mb: float


def settled(order: PrepareOrder) -> PrepareOrder:
    """The order with what it leaves open filled in, checked without importing a framework.

    Raises:
        ModelError: no such network, data set, weights or precision.
    """
    about = order.about()
    data = order.data or about.dataset
    order = replace(
        order,
        data=data,
        data_path=_absolute(order.data_path),
        data_labels=_absolute(order.data_labels),
    )
    datasets.check(data, order.source(about.classes))
    weights = resolve(order.weights, about, order.network)
    precision = about.precision if order.precision == "auto" else order.precision
    allowed = _PRECISIONS[about.graph]
    if precision not in allowed:
        of = " of an ONNX network" if about.graph == "onnx" else ""
        raise ModelError(
            f"model.precision={precision} asked{of}; allowed: auto, {', '.join(allowed)}"
        )
    return replace(order, weights=weights, precision=precision, path=_absolute(order.path))


def _absolute(path: str) -> str:
    """A path that means the same in another process; what is no path of a file stays."""
    return str(Path(path).resolve()) if path and Path(path).exists() else path


def plan(order: PrepareOrder, root: Path | None = None) -> Plan:
    """The work that preparing would take."""
    order = settled(order)
    ready = _ready(ArtifactCache(root), order) is not None
    size_mb = 0.0 if ready else order.about().size_mb
    return Plan(ready, weights_name(order), size_mb)


def prepare(order: PrepareOrder, progress: Progress, root: Path | None = None) -> Manifest:
    """The network made ready: from the cache, else in a process of its own.

    Args:
        order: what to prepare.
        progress: is told what long steps do.
        root: the cache's folder; None: the default one.

    Raises:
        ModelError: it cannot be made. ArtifactError: the cache cannot be written.
    """
    cache = ArtifactCache(root)
    order = settled(order)
    ready = _ready(cache, order)
    return ready or _make_apart(cache, order, progress)


def key_of(order: PrepareOrder, without: Collection[str] = ()) -> Key:
    """The cache key of a prepared network: order, files, libraries, and the code here.

    Args:
        order: what is prepared.
        without: fields of it on which a part does not depend.
    """
    fields = {name: value for name, value in asdict(order).items() if name not in without}
    for name in ("weights", "path"):
        path = Path(str(fields[name]))
        if path.is_absolute():
            fields[name] = _hash_now(path)
    about = order.about()
    fields["beside"] = " ".join(_hash_now(path) for path in about.files)
    fields["data_identity"] = datasets.identity(order.data, order.source()) if order.data else ""
    return {**fields, **_libraries(about.graph), "code": _code()}


def weights_name(order: PrepareOrder) -> str:
    """The name of an order's weights: their source, or their file's name."""
    return Path(order.weights).name


def _hash_now(path: Path) -> str:
    stat = path.stat()
    return _hash(path, (stat.st_mtime_ns, stat.st_size))


@cache
def _hash(path: Path, _version: tuple[int, int]) -> str:
    return sha256_of(path)


def _ready(cache: ArtifactCache, order: PrepareOrder) -> Manifest | None:
    """The manifest, if it and all its files are in the cache."""
    found = cache.find("manifest", key_of(order), ".json")
    if found is None:
        return None
    manifest = msgspec.json.decode(Path(found.path).read_bytes(), type=Manifest)
    for artifact in manifest.artifacts.values():
        path = Path(artifact.path)
        if not path.is_file() or path.stat().st_size != artifact.bytes:
            return None
    return manifest


def _make_apart(cache: ArtifactCache, order: PrepareOrder, progress: Progress) -> Manifest:
    """Make it in a child process, so that its memory is free again when it is done."""
    step = ""

    def told(line: str) -> None:
        nonlocal step
        if line.startswith(MADE_MARK):
            step = line.removeprefix(MADE_MARK).strip()
            progress(step)

    content = msgspec.json.encode([asdict(order), str(cache.root.parent)])
    try:
        run_child(_MAKERS[order.about().graph], content, told)
    except HostError as error:
        at = f" ({step})" if step else ""
        raise type(error)(f"{order.label} could not be prepared{at}: {error}") from error
    ready = _ready(cache, order)
    if ready is None:
        raise ArtifactError(f"{order.label} was prepared, but {cache.root} does not hold it")
    return ready


def _libraries(graph: str) -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES[graph]:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@cache
def _code() -> str:
    """A hash of this package's source."""
    digest = hashlib.sha256()
    folder = Path(__file__).parents[1]
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
