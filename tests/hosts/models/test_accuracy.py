"""What integers cost in accuracy, on every held-out digit and at every split point."""

from pathlib import Path

import numpy as np
import pytest

from hosts.agents.output_quality import judge
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.models.runtime.heads import Heads
from hosts.models.runtime.tails import Tails

pytestmark = pytest.mark.medium
HELD_OUT = 360


def test_int8_lies_within_one_point_of_float32_at_every_split_point_of_digits_cnn(tmp_path):
    manifest = prepare(PrepareOrder("digits_cnn", images=HELD_OUT), lambda what: None, tmp_path)
    paths = {name: Path(artifact.path) for name, artifact in manifest.artifacts.items()}
    heads = Heads.open(paths["head"], manifest)
    tails = Tails.open(paths["tail"], manifest)
    with np.load(paths["images"]) as loaded, np.load(paths["reference"]) as reference:
        images, labels, expected = loaded["images"], loaded["labels"], reference["outputs"]
    assert len(images) == HELD_OUT
    float32 = (expected.argmax(axis=1) == labels).mean()
    assert float32 >= 0.95
    for k in range(manifest.last_split_point + 1):
        found, differences = [], []
        for image, outputs in zip(images, expected, strict=True):
            tensor = heads.run(k, image)
            ends_here = k == manifest.last_split_point
            values = tensor.real if ends_here else tails.run(k, *tensor)
            top, difference = judge(values, outputs)
            found.append(top[0])
            differences.append(difference)
        assert abs((np.array(found) == labels).mean() - float32) <= 0.01, k
        assert np.mean(differences) <= (1e-6 if k == 0 else 0.005), k
