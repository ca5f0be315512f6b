"""Any ONNX graph with one image in and classes out, from an `.onnx` file (`model.path=`)."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hosts.core.errors import ModelError
from hosts.models.networks.base import Images, NetworkFacts
from hosts.models.onnx_graphs.checks import Ends, check
from hosts.models.onnx_graphs.files import beside, read

GRAPH = "onnx"
"""The kind of network, see `Manifest.graph`."""
_DISK_PER_FILE = 2.5  # the network, and its int8 counterpart


class _Scaling(NamedTuple):
    """Pixels 0..255 become (pixels * factor - mean) / deviation, by channel."""

    factor: float
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)


SCALINGS = {
    "none": _Scaling(1.0),
    "unit": _Scaling(1 / 255),
    "signed": _Scaling(1 / 255, (0.5,), (0.5,)),
    "imagenet": _Scaling(1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""`imagenet`: as torchvision's networks, and most of timm's, have been trained."""


def at(path: str, scaling: str) -> OnnxFile:
    """The network of a file.

    Args:
        path: of an `.onnx` file.
        scaling: of pixels before the network: one of SCALINGS.

    Raises:
        ModelError: no such file or scaling, or no graph that can be split.
    """
    if not path:
        raise ModelError("model=onnx_file needs model.path=FILE.onnx")
    if scaling not in SCALINGS:
        raise ModelError(f"model.scaling={scaling} asked; allowed: {', '.join(SCALINGS)}")
    return OnnxFile(Path(path).resolve(), scaling)


class OnnxFile:
    """A network that a file defines.

    Attributes:
        path: of the file. scaling: of pixels before the network.
    """

    def __init__(self, path: Path, scaling: str) -> None:
        self.path = path
        self.scaling = scaling

    @cached_property
    def ABOUT(self) -> NetworkFacts:  # noqa: N802  as in the modules of networks
        """Facts from the graph, read without the weights that lie beside it.

        Raises:
            ModelError: names what stands against it being split.
        """
        ends, files = self._found
        channels = ends.shape[2]
        if len(SCALINGS[self.scaling].mean) not in (1, channels):
            raise ModelError(
                f"model.scaling={self.scaling} asked, which is of 3 channels; {self.path} takes "
                f"{channels}"
            )
        size_bytes = sum(file.stat().st_size for file in (self.path, *files))
        return NetworkFacts(
            input_shape=ends.shape,
            classes=ends.classes,
            dataset="digits" if channels == 1 else "photos",
            learned="stored",
            size_mb=_DISK_PER_FILE * size_bytes / 2**20 + 1,
            graph=GRAPH,
            files=files,
        )

    @property
    def _found(self) -> tuple[Ends, tuple[Path, ...]]:
        try:
            stat = self.path.stat()
        except OSError:
            return _facts(self.path, 0, 0)
        return _facts(self.path, stat.st_mtime_ns, stat.st_size)

    def preprocess(self, images: npt.NDArray[np.generic]) -> Images:
        """Pixels 0..255, scaled as asked; channels first where the graph has them so."""
        scaling = SCALINGS[self.scaling]
        mean, deviation = (np.array(by, np.float32) for by in (scaling.mean, scaling.deviation))
        found = (images.astype(np.float32) * np.float32(scaling.factor) - mean) / deviation
        if self._found[0].layout == "NCHW":
            found = found.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(found, dtype=np.float32)


@lru_cache(maxsize=8)
def _facts(path: Path, _changed_ns: int, _size: int) -> tuple[Ends, tuple[Path, ...]]:
    """What a file's graph has at its ends, and the files beside it; read once."""
    model = read(path)
    return check(model, path), tuple(beside(model, path))
