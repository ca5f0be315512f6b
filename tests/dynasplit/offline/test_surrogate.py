"""What the structured search predicts, and what it expects to gain."""

import dataclasses

import moocore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasplit.core.measurement import Measurement
from dynasplit.core.space import SearchSpace
from dynasplit.front.dominance import non_dominated
from dynasplit.offline.surrogate.gain import expected_gain, lognormal_below, normal_below
from dynasplit.offline.surrogate.posterior import SurrogateModel
from dynasplit.offline.surrogate.process import Part, posterior_of
from dynasplit.testbed.modelled import ModelledTestbed
from hosts.emulation.profile import load_profile


@given(st.integers(0, 10_000), st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_the_expected_gain_is_that_of_many_draws(seed: int, dimensions: int) -> None:
    random = np.random.default_rng(seed)
    points = random.uniform(1, 9, (6, dimensions))
    front = points[non_dominated(points)]
    reference = np.full(dimensions, 10.0)
    mean = random.uniform(0.5, 2.2, (1, dimensions))
    sd = random.uniform(0.05, 0.4, (1, dimensions))
    kinds = [lognormal_below, lognormal_below, normal_below][:dimensions]
    below = [kind(mean[:, i], sd[:, i]) for i, kind in enumerate(kinds)]
    found = expected_gain(front, reference, below)[0]

    draws = random.normal(mean, sd, (3000, dimensions))
    draws[:, :2] = np.exp(draws[:, :2])
    before = moocore.hypervolume(front, ref=reference)
    gains = [moocore.hypervolume(np.vstack([front, d]), ref=reference) - before for d in draws]
    assert found == pytest.approx(np.mean(gains), abs=5 * np.std(gains) / np.sqrt(3000) + 1e-3)


def test_an_outlier_does_not_move_its_neighbours() -> None:
    places = np.arange(12.0)
    one, together = np.ones(12), np.zeros(12, dtype=np.intp)
    parts = [Part(one, together, None, 10.0), Part(places - 5.5, together, None, 1.0)]
    cells = np.array([0, 1, 3, 4, 6, 7, 9, 10])
    random = np.random.default_rng(0)
    values = 2 + 0.1 * places[cells] + random.normal(0, 0.005, len(cells))
    values[3] += 0.35
    found = posterior_of(parts, cells, values, 0.01)
    assert found.mean == pytest.approx(2 + 0.1 * places, abs=0.02)
    assert found.trust[3] < 0.1 < np.delete(found.trust, 3).min()


def test_beliefs_of_what_was_not_measured_are_true_within_what_they_say(
    vgg16_space: SearchSpace, vgg16_runs: list[Measurement]
) -> None:
    random = np.random.default_rng(3)
    order = random.permutation(len(vgg16_runs))
    history = [vgg16_runs[i] for i in order[:80]]
    quiet = ModelledTestbed(load_profile("pi4_coral_v100"), "vgg16", seed=9)
    found = SurrogateModel(vgg16_space).posterior(history)
    assert found.energy is not None
    for posterior, name in ((found.latency, "latency_ms"), (found.energy, "energy_j")):
        truth = np.log([getattr(quiet.measure(c), name) for c in vgg16_space.configurations])
        errors = (truth - posterior.mean)[order[80:]]
        assert np.median(np.abs(errors)) < 0.05
        assert np.mean(np.abs(errors) < 2 * posterior.sd[order[80:]]) > 0.85


def test_without_the_parts_of_a_latency_the_whole_is_believed(
    vgg16_space: SearchSpace, vgg16_runs: list[Measurement]
) -> None:
    absent = dict.fromkeys(("edge_ms", "transfer_ms", "cloud_ms", "accuracy", "energy_j"))
    history = [dataclasses.replace(m, **absent) for m in vgg16_runs[::20]]
    found = SurrogateModel(vgg16_space).posterior(history)
    assert found.energy is None
    assert found.quality is None
    truth = np.log([m.latency_ms for m in vgg16_runs])
    assert np.median(np.abs(truth - found.latency.mean)) < 0.15
