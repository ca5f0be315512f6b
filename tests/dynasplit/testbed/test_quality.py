"""Accuracy and fidelity are measured once for what changes outputs, and for nothing else."""

from dynasplit.space import Configuration
from dynasplit.testbed.quality import Qualities
from hosts.wire.messages import Inference


def window(*top1: int) -> list[Inference]:
    return [Inference(i, 0, 1, 2, None, None, top) for i, top in enumerate(top1)]


def test_a_lossless_codec_needs_no_images_again_and_a_lossy_one_does():
    qualities = Qualities([1, 2, 3, 4], None)
    assert qualities.images_needed(Configuration.of(3)) == 4
    assert qualities.of(Configuration.of(3), window(1, 2, 3, 4)) == (None, 1.0)
    for codec in ("none", "lz4", "zstd"):
        assert qualities.images_needed(Configuration.of(3, codec=codec)) == 0
    assert qualities.images_needed(Configuration.of(3, codec="int8")) == 4
    assert qualities.of(Configuration.of(3, codec="int8"), window(1, 2, 0, 4)) == (None, 0.75)
    assert qualities.images_needed(Configuration.of(3, codec="int8+zstd", batch_size=4)) == 0
    assert qualities.images_needed(Configuration.of(3, codec="float16")) == 4
