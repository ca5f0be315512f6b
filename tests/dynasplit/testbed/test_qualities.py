"""Accuracy, top-5 accuracy, fidelity and distance: of what a window inferred, measured once."""

import dataclasses

import pytest

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.testbed.quality import Qualities, Quality
from hosts.wire.messages import Inference, Judged


def at(split_point: int, mode: str = "off", mhz: int = 600, **knobs) -> Configuration:
    every = {"cpu_mhz": mhz, "edge_accelerator": mode, "cloud_gpu": False} | knobs
    return Configuration(split_point, tuple(every.items()))


def inferences(*classes: int) -> list[Inference]:
    return [Inference(i, 0, 1, 2, None, None, c) for i, c in enumerate(classes)]


JUDGED = Judged(answers=((0, (1, 2, 3, 4, 5), 0.1), (1, (2, 1, 3, 4, 5), 0.3)))


def test_all_four_figures():
    found = Qualities([1, 2], [1, 9]).of(at(2), inferences(1, 2), JUDGED)
    assert found == Quality(0.5, 1.0, 0.5, pytest.approx(0.2), 2, "2:80")
    found = Qualities([1, 7], [3, 5]).of(at(2), inferences(1, 2), JUDGED)
    assert found == Quality(0.0, 0.5, 1.0, pytest.approx(0.2), 2, "2:00")


def test_without_labels_there_is_fidelity_alone():
    found = Qualities([1, 2], None).of(at(2), inferences(1, 9), JUDGED)
    assert found == Quality(None, 0.5, None, pytest.approx(0.2), 2)


def test_what_was_not_judged_completely_is_not_known():
    qualities = Qualities([1, 2], [1, 2])
    assert qualities.of(at(1), inferences(1, 2), None) == Quality(1.0, 1.0, None, None, 2, "2:c0")
    half = Judged(answers=JUDGED.answers[:1])
    assert qualities.of(at(2), inferences(1, 2), half)[2:4] == (None, None)
    unmeasured = Judged(answers=((0, (1,), None), (1, (2,), None)))
    assert qualities.of(at(3), inferences(1, 2), unmeasured)[2:4] == (1.0, None)


def test_it_is_measured_once_for_each_split_point_kind_of_head_and_codec():
    qualities = Qualities([1, 2], [1, 2])
    assert qualities.images_needed(at(2)) == 2
    first = qualities.of(at(2), inferences(1, 2), JUDGED)
    assert qualities.images_needed(at(2, mhz=1800, cloud_gpu=True)) == 0
    assert qualities.of(at(2, mhz=1800), inferences(9, 9)) == first
    assert not qualities.is_known(at(3))
    assert not qualities.is_known(at(2, "max"))
    assert qualities.is_known(at(2, codec="zstd"))
    assert not qualities.is_known(at(2, codec="float16"))
    qualities.of(at(2, "max"), inferences(1, 9))
    assert qualities.is_known(at(2, "std"))


def test_what_an_earlier_start_has_measured_is_known():
    qualities = Qualities([1, 2], [1, 2])
    run = Measurement(configuration=at(4), latency_ms=1.0, fidelity=0.5, output_mae=0.2)
    bare = dataclasses.replace(run, configuration=at(5), fidelity=None)
    qualities.know([run, bare])
    assert qualities.of(at(4), []) == Quality(None, 0.5, None, 0.2)
    assert not qualities.is_known(at(5))


def test_a_lossless_codec_needs_no_images_again_and_a_lossy_one_does():
    qualities = Qualities([1, 2, 3, 4], None)
    assert qualities.images_needed(Configuration.of(3)) == 4
    assert qualities.of(Configuration.of(3), inferences(1, 2, 3, 4))[:2] == (None, 1.0)
    for codec in ("none", "lz4", "zstd"):
        assert qualities.images_needed(Configuration.of(3, codec=codec)) == 0
    assert qualities.images_needed(Configuration.of(3, codec="int8")) == 4
    assert qualities.of(Configuration.of(3, codec="int8"), inferences(1, 2, 0, 4))[:2] == (
        None,
        0.75,
    )
    assert qualities.images_needed(Configuration.of(3, codec="int8+zstd", batch_size=4)) == 0
    assert qualities.images_needed(Configuration.of(3, codec="float16")) == 4
