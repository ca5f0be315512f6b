"""Equal quality: which configurations lose accuracy, compared on the same images."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dynasplit.app.report.quality import quality_block, quality_lines
from dynasplit.core.errors import DataError
from dynasplit.core.intervals import of_difference, of_paired_difference
from dynasplit.core.measurement import Measurement
from dynasplit.core.right_images import is_packed, packed, unpacked
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.equal_quality import compared
from dynasplit.tables import read_runs, write_runs

IMAGES = 1000


def run_of(k: int, wrong: set[int], images: int = IMAGES) -> Measurement:
    right = [image not in wrong for image in range(images)]
    return Measurement(
        configuration=Configuration(k),
        latency_ms=10.0 + k,
        energy_j=50.0 - k,
        accuracy=sum(right) / images,
        images=images,
        right=packed(right),
    )


def front_of(runs: list[Measurement]) -> ParetoFront:
    return ParetoFront.build(
        runs, model="m", last_split_point=9, source="measured", cloud_only=Configuration(0)
    )


CLOUD = run_of(0, set(range(100)))
SAME = run_of(1, set(range(100)))
A_LITTLE = run_of(2, set(range(108)))  # 8 further ones are wrong: about a point
WORSE = run_of(3, set(range(140)))  # 40 further ones
SWAPPED = run_of(4, set(range(150, 255)))  # half a point in all, but other images


def test_the_paired_interval_is_that_of_its_authors() -> None:
    low, high = of_paired_difference(11, 4, 40)
    up, down = 12 / 42, 5 / 42
    half = 1.959964 * ((up + down - (up - down) ** 2) / 42) ** 0.5
    assert (low, high) == pytest.approx((up - down - half, up - down + half), rel=1e-6)
    assert of_paired_difference(0, 3, 3)[0] >= -1


@pytest.mark.parametrize(("images", "alone"), [(100, (0.05, 0.08)), (1000, (0.01, 0.02))])
def test_paired_intervals_cover_the_true_difference(images: int, alone: tuple[float, float]):
    rng = np.random.default_rng(5)
    counts = rng.multinomial(images, [*alone, 1 - sum(alone)], size=2000)[:, :2]
    truth, covered = alone[0] - alone[1], 0
    for gained, lost in counts.tolist():
        low, high = of_paired_difference(gained, lost, images)
        covered += low <= truth <= high
    assert 0.935 <= covered / len(counts) <= 0.985


def test_pairs_tell_more_than_shares() -> None:
    paired = of_paired_difference(0, 8, IMAGES)
    unpaired = of_difference(892, IMAGES, 900, IMAGES)
    assert paired[1] - paired[0] < (unpaired[1] - unpaired[0]) / 2


def test_each_verdict() -> None:
    front = front_of([CLOUD, SAME, A_LITTLE, WORSE, SWAPPED])
    found = {c.summary.configuration.split_point: c for c in compared(front, 1.0)}
    assert {k: c.verdict for k, c in found.items()} == {
        0: "as_good",
        1: "as_good",
        2: "undecided",
        3: "worse",
        4: "undecided",
    }
    assert found[3].points == pytest.approx(-4)
    assert found[3].interval is not None
    assert found[3].interval[1] < -1
    assert found[2].is_paired
    assert found[2].images == IMAGES


def test_so_many_images_would_decide() -> None:
    few, also = run_of(0, {1}, 24), run_of(1, {1}, 24)
    (_, unsure) = compared(front_of([few, also]), 1.0)
    assert unsure.verdict == "undecided"
    assert unsure.enough_images is not None
    n = unsure.enough_images
    enough, other = run_of(0, set(range(10)), n), run_of(1, set(range(10)), n)
    assert compared(front_of([enough, other]), 1.0)[1].verdict == "as_good"
    enough, other = run_of(0, set(range(10)), n - 1), run_of(1, set(range(10)), n - 1)
    assert compared(front_of([enough, other]), 1.0)[1].verdict == "undecided"


def test_a_loss_of_just_what_is_allowed_is_never_decided() -> None:
    (_, unsure) = compared(front_of([CLOUD, run_of(1, set(range(110)))]), 1.0)
    assert (unsure.verdict, unsure.enough_images) == ("undecided", None)


def test_without_pairs_shares_are_compared_and_without_images_nothing() -> None:
    unpaired = [dataclasses.replace(m, right=None) for m in (CLOUD, SAME, WORSE)]
    found = compared(front_of(unpaired), 1.0)
    assert [c.verdict for c in found] == ["as_good", "undecided", "worse"]
    assert not any(c.is_paired for c in found)
    nothing = [dataclasses.replace(m, images=None) for m in unpaired]
    assert [c.verdict for c in compared(front_of(nothing), 1.0)][1:] == ["unknown", "unknown"]
    lines = quality_lines(quality_block(front_of(unpaired), {"max_accuracy_loss": 1.0})["quality"])
    assert any("Which images were classified correctly is not kept" in line for line in lines)
    lines = quality_lines(quality_block(front_of(nothing), {"max_accuracy_loss": 1.0})["quality"])
    assert any("is not known of 2 of 3 members" in line for line in lines)


def test_the_policy_leaves_out_what_is_worse_and_says_which() -> None:
    front = front_of([CLOUD, SAME, A_LITTLE, WORSE])
    patient_ms = 1e6
    assert policies.build("dynasplit", front).choose(patient_ms).configuration == Configuration(3)
    kept = policies.build("dynasplit", front, max_accuracy_loss=1.0)
    assert kept.choose(patient_ms).configuration == Configuration(2)
    lines = quality_lines(quality_block(front, {"max_accuracy_loss": 1.0})["quality"])
    assert len(lines) == 2
    assert "so not chosen by dynasplit: split 3: -4 points" in lines[0]
    assert "1,000 images in pairs" in lines[0]
    assert "1 of 4 members of the front: 1,000 images are too few" in lines[1]
    more = policies.build("dynasplit", front, max_accuracy_loss=6.0)
    assert more.choose(patient_ms).configuration == Configuration(3)


def test_fidelity_excludes_nothing_by_itself() -> None:
    runs = [
        dataclasses.replace(m, accuracy=None, fidelity=f, images=24, right=None)
        for m, f in ((CLOUD, 1.0), (SAME, 20 / 24))
    ]
    front = front_of(runs)
    kept = policies.build("dynasplit", front, max_accuracy_loss=1.0)
    assert kept.choose(1e6).configuration == Configuration(1)
    picky = policies.build("dynasplit", front, min_fidelity=0.9)
    assert picky.choose(1e6).configuration == Configuration(0)
    (line,) = quality_lines(quality_block(front, {}, "random")["quality"])
    assert "of random weights: 20 of 24 images, 95 % interval 64 to 93 %" in line
    assert "none is left out" in line


def test_bits_of_images() -> None:
    right = [True, False, True, True, False, False, True, False, True]
    assert packed(right) == "9:b280"
    assert unpacked("9:b280").tolist() == right
    assert not any(map(is_packed, ["", "9:b2", "0:", "9:zz80", "b280"]))


@pytest.mark.parametrize("name", ["runs.parquet", "runs.csv"])
def test_tables_keep_which_images_were_right(tmp_path: Path, name: str) -> None:
    write_runs(tmp_path / name, [CLOUD, WORSE], model="m", last_split_point=9)
    assert read_runs(tmp_path / name).measurements == [CLOUD, WORSE]
    damaged = dataclasses.replace(WORSE, right="1000:00")
    write_runs(tmp_path / name, [CLOUD, damaged], model="m", last_split_point=9)
    with pytest.raises(DataError, match="row 1, column right: found '1000:00'"):
        read_runs(tmp_path / name)
