"""Made-up testbeds: their truth by hand, their noise, and what the best choice reaches."""

import itertools

import numpy as np
import pytest

from dynasplit.config.options.benchmark import FAMILIES as FAMILIES_ASKED
from dynasplit.front.dominance import HypervolumeScale, non_dominated
from dynasplit.made_up.families import FAMILIES
from dynasplit.made_up.judged import best_course, course
from dynasplit.made_up.searches import FEWEST, Task, all_searched, searched
from dynasplit.made_up.testbed import drawn

SMALL = (100, 200)


def test_the_options_know_the_families():
    assert tuple(FAMILIES) == FAMILIES_ASKED


def test_there_are_ten_families_or_more_and_they_take_turns():
    assert len(FAMILIES) >= 10
    found = [drawn(number, 3, sizes=SMALL).family for number in range(len(FAMILIES))]
    assert found == list(FAMILIES)
    assert drawn(0, 3, ["noisy"], SMALL).family == "noisy"


@pytest.mark.parametrize("number", range(len(FAMILIES)))
def test_a_testbed_is_the_same_by_its_seed_and_has_something_to_search_for(number):
    one, other = drawn(number, 5, sizes=SMALL), drawn(number, 5, sizes=SMALL)
    assert one.space == other.space
    assert np.array_equal(one.truth.points, other.truth.points)
    assert len(one.space) >= SMALL[0]
    on_front = np.flatnonzero(non_dominated(one.truth.points))
    assert len({one.space.configurations[at].split_point for at in on_front}) >= 3
    assert not np.array_equal(one.truth.points, drawn(number, 6, sizes=SMALL).truth.points)


def test_the_truth_is_what_one_adds_up_by_hand():
    made = drawn(2, 3, ["several_exponents"], SMALL)
    told, last = made.traits, len(made.traits.layer_ms)
    gains = told.accelerator_gain
    assert gains is not None
    for at, one in enumerate(made.space.configurations):
        k, mhz = one.split_point, one.cpu_mhz
        slower = told.clocks_mhz[-1] / mhz
        edge_ms = 0.0
        for layer in range(k):
            time_ms = told.layer_ms[layer] * (
                told.fixed[layer] + (1 - told.fixed[layer]) * slower ** told.exponents[layer]
            )
            edge_ms += time_ms / (gains[layer] if one.edge_accelerator != "off" else 1)
        link_ms = told.link_ms + told.sent_kb[k] * 8.192 / told.link_mbit_s if k < last else 0.0
        cloud_ms = sum(told.layer_ms[k:]) / told.cloud_gain
        if one.cloud_gpu:
            cloud_ms = told.gpu_start_ms + (last - k) * told.gpu_layer_ms + cloud_ms / told.gpu_gain
        cloud_ms *= k < last
        assert made.truth.edge_ms[at] == pytest.approx(edge_ms)
        assert made.truth.transfer_ms[at] == pytest.approx(link_ms)
        assert made.truth.cloud_ms[at] == pytest.approx(cloud_ms)
        assert made.truth.points[at, 0] == pytest.approx(edge_ms + link_ms + cloud_ms)


def test_runs_scatter_about_the_truth_as_much_as_they_say_and_tell_the_same_again():
    made = drawn(0, 3, ["reference"], SMALL)
    one = made.space.configurations[len(made.space) // 2]
    runs = [made.measure(one, repeat=repeat) for repeat in range(400)]
    assert runs[7] == made.measure(one, repeat=7)
    true_ms = made.truth.points[made.space.index(one), 0]
    assert np.median([run.latency_ms for run in runs]) == pytest.approx(true_ms, rel=0.004)
    assert {run.source for run in runs} == {"modelled"}
    assert runs[0].latency_ms == pytest.approx(
        runs[0].edge_ms + runs[0].transfer_ms + runs[0].cloud_ms
    )
    assert drawn(0, 3, ["totals_only"], SMALL).measure(one).edge_ms is None


def test_the_best_choice_is_no_worse_than_any_other_of_as_many():
    points = drawn(1, 3, sizes=SMALL).truth.points
    best = best_course(points, 12)
    assert (np.diff(best) >= 0).all()
    scale = HypervolumeScale.of(points)
    front = np.flatnonzero(non_dominated(points))
    assert best[0] == pytest.approx(max(scale.share(points[[at]]) for at in front))
    pairs = max(scale.share(points[list(two)]) for two in itertools.combinations(front, 2))
    assert 0.9 * pairs <= best[1] <= pairs + 1e-12
    assert best_course(points, len(front) + 5)[-1] == pytest.approx(1.0)


def test_a_search_is_told_what_every_measurement_won_repeats_too():
    points = drawn(1, 3, sizes=SMALL).truth.points
    chosen = [4, 4, 9]
    scale = HypervolumeScale.of(points)
    first, both = scale.share(points[[4]]), scale.share(points[[4, 9]])
    assert course(points, chosen, 5).tolist() == pytest.approx([first, first, both, both, both])
    assert course(points, [], 2).tolist() == [0.0, 0.0]


@pytest.mark.medium
def test_searches_in_processes_find_what_one_process_finds():
    def tasks(seed):
        return [Task(number, 3, (), SMALL, "random", {}, seed, 25) for number in range(2)]

    alone = [searched(task) for task in tasks(1)]
    both = list(all_searched(tasks(1), 2))
    assert [one.shares.tolist() for one in alone] == [one.shares.tolist() for one in both]
    assert alone[0].at(25) == alone[0].shares[-1] <= 1 + 1e-9
    assert alone[0].after(10) == alone[0].at(max(FEWEST, -(-alone[0].size // 10)))
    assert alone[0].after(90) is None
    other = searched(tasks(2)[0])
    assert other.shares.tolist() != alone[0].shares.tolist()
