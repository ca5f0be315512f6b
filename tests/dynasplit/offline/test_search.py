import dataclasses
import statistics

import msgspec
import pytest

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import summarise
from dynasplit.front.dominance import HypervolumeScale, objectives
from dynasplit.offline import search
from dynasplit.offline.search.base import Progress
from dynasplit.offline.study import Budget, OfflineSettings, search_front
from dynasplit.run.journal import Journal
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile

KNOWN = ["grid", "nsga2", "nsga3", "nsga3_reference", "random", "structured", "tpe"]


def test_every_file_is_an_algorithm_of_that_name():
    assert set(KNOWN) <= set(search.names())
    for name in search.names():
        assert search.build(name).name == name


def test_unknown_names_and_options_are_refused_with_what_there_is():
    with pytest.raises(ConfigurationError, match=r"nsga9.*nsga3_reference"):
        search.build("nsga9")
    with pytest.raises(ConfigurationError, match=r"populations.*population_size"):
        search.build("nsga3", populations=3)
    with pytest.raises(ConfigurationError, match="it has: order"):
        search.build("grid", population_size=3)


def test_what_is_drawn_depends_on_seed_and_progress_alone(vgg16_space):
    algorithm = search.build("random")
    draws = [
        algorithm.suggest(Progress(vgg16_space, seed, finished))
        for seed in (0, 1)
        for finished in (0, 1)
    ]
    assert len({d.configuration for d in draws}) == 4
    assert algorithm.suggest(Progress(vgg16_space, 0, 0)) == draws[0]


@pytest.fixture(scope="module")
def noiseless(vgg16_space):
    """The profile without noise, and the share of the grid's hypervolume that some reach."""
    profile = msgspec.structs.replace(load_profile("pi4_coral_v100"), noise=Noise())

    class WithAccuracy(ModelledTestbed):
        def measure(self, configuration, **more):
            found = super().measure(configuration, **more)
            return dataclasses.replace(found, accuracy=0.61 - configuration.split_point / 4000)

    testbed = WithAccuracy(profile, "vgg16")
    grid = {s.configuration: s for s in summarise(map(testbed.measure, vgg16_space.configurations))}
    scale = HypervolumeScale.of(objectives(list(grid.values())))
    return testbed, lambda found: scale.share(objectives([grid[c] for c in found]))


def reached(vgg16_space, noiseless, name, seeds):
    testbed, share = noiseless
    return statistics.median(
        share(
            search_front(
                vgg16_space,
                search.build(name),
                testbed,
                Journal(),
                OfflineSettings(budget=Budget(fraction=0.1), seed=seed, front_repeats=0),
            ).searched
        )
        for seed in range(seeds)
    )


@pytest.mark.medium
def test_repaired_and_seeded_search_beats_the_reference(vgg16_space, noiseless):
    """At 10 % of the space, medians over seeds."""
    repaired = reached(vgg16_space, noiseless, "nsga3", 9)
    assert repaired > 0.95
    assert repaired > reached(vgg16_space, noiseless, "nsga3_reference", 9) + 0.02


@pytest.mark.medium
def test_structured_needs_a_twentieth_of_the_space(vgg16_space):
    """With the profile's noise and outliers, judged by the true figures; and in how much time."""
    noisy = ModelledTestbed(load_profile("pi4_coral_v100"), "vgg16")
    quiet = msgspec.structs.replace(noisy.profile, noise=Noise())
    truth = ModelledTestbed(quiet, "vgg16")
    grid = {c: truth.measure(c) for c in vgg16_space.configurations}
    scale = HypervolumeScale.of(objectives(list(grid.values())))
    found, spent_h = [], []
    for seed in range(5):
        explored = search_front(
            vgg16_space,
            search.build("structured"),
            dataclasses.replace(noisy, seed=seed),
            Journal(),
            OfflineSettings(budget=Budget(configurations=92), seed=seed, front_repeats=0),
        )
        points = objectives([grid[c] for c in explored.searched])
        course = [scale.share(points[:n]) for n in range(1, 93)]
        found.append((course[45], course[91]))
        times_s = {m.configuration: m.testbed_time_s for m in explored.measurements}
        enough = next(n for n, share in enumerate(course) if share >= 0.99)
        spent_h.append(sum(times_s[c] for c in explored.searched[: enough + 1]) / 3600)
    early, late = zip(*found, strict=True)
    assert statistics.median(early) >= 0.98
    assert min(early) >= 0.95
    assert statistics.median(late) >= 0.999
    assert max(spent_h) <= 2
