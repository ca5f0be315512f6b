"""Networks for the bars of the transport, made in processes of their own.

python -m tests.bench.networks wide FOLDER              one tensor of 588 KB, hardly any work
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np

from hosts.models.prepared.manifest import Artifact, Manifest, SplitPoint
from tests.bench.agents import ROOT

SIDE = 224


def wide(folder: Path) -> Manifest:
    """A network that takes 588 KB and means them; to be split at 0 only."""
    subprocess.run(
        [sys.executable, "-m", "tests.bench.networks", "wide", str(folder)],
        cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return msgspec.json.decode((folder / "wide.json").read_bytes(), type=Manifest)


def vgg16(precision: str) -> Manifest:
    """VGG16, from the cache or prepared now."""
    from hosts.models.prepare.prepare import PrepareOrder, prepare

    fields = {"network": "vgg16"} | ({} if precision == "int8" else {"precision": precision})
    return prepare(PrepareOrder(**fields), lambda what: print(f"  ({what})"))


def _make_wide(folder: Path) -> None:
    import keras

    from hosts.models.keras_graphs.graph import cut_points

    given = keras.Input((SIDE, SIDE, 3))
    means = keras.layers.GlobalAveragePooling2D()(given)
    model = keras.Model(given, keras.layers.Dense(10)(means))
    paths = {n: folder / f"wide.{n}" for n in ("head", "images", "reference")}
    paths["tail"] = folder / "wide.keras"
    model.save(paths["tail"])
    paths["head"].write_bytes(b"")
    images = np.random.default_rng(0).random((4, SIDE, SIDE, 3), np.float32)
    with paths["images"].open("wb") as file:
        np.savez(file, images=images, reference_top1=np.zeros(4, np.int64))
    with paths["reference"].open("wb") as file:
        np.savez(file, outputs=np.zeros((4, 10), np.float32))
    points = tuple(SplitPoint(c.index, c.name, c.shape, 0) for c in cut_points(model))
    fields = {
        "network": "wide",
        "weights": "random",
        "precision": "int8",
        "quality": "fidelity",
        "classes": 10,
        "images": 4,
        "last_split_point": len(points) - 1,
        "split_points": points,
        "artifacts": {n: Artifact(str(p), "", 0) for n, p in paths.items()},
    }
    known = {name: value for name, value in fields.items() if name in Manifest.__struct_fields__}
    (folder / "wide.json").write_bytes(msgspec.json.encode(Manifest(**known)))


if __name__ == "__main__":
    _make_wide(Path(sys.argv[2]))
