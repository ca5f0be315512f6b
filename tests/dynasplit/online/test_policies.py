"""Policies: what they choose, against brute force, and what they refuse."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.errors import ConfigurationError
from dynasplit.core.measurement import Measurement, Summary
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies

Number = st.integers(1, 8).map(float)
Rows = st.lists(st.tuples(Number, Number, Number), min_size=1, max_size=20)
PER_POLICY = [pytest.param(name, id=name) for name in policies.names()]


def front_of(rows: list[tuple[float, float, float]]) -> ParetoFront:
    runs = [
        Measurement(
            configuration=Configuration(k),
            latency_ms=t,
            energy_j=e,
            accuracy=a / 10,
            fidelity=a / 10,
        )
        for k, (t, e, a) in enumerate(rows)
    ]
    return ParetoFront.build(
        runs,
        model="m",
        last_split_point=max(0, len(rows) - 1),
        source="measured",
        cloud_only=Configuration(0),
        edge_only=Configuration(len(rows) - 1),
    )


def brute_force(
    front: ParetoFront, threshold_ms: float, margin: float, floor: float, tolerance: float
) -> Summary:
    allowed = [s for s in front.summaries if s.accuracy is not None and s.accuracy >= floor]
    meeting = [s for s in allowed if s.latency_ms * (1 + margin) <= threshold_ms]
    if not meeting:
        return min(allowed, key=lambda s: (s.latency_ms, s.energy_j, -(s.accuracy or 0)))
    least = min(meeting, key=lambda s: (s.energy_j, -(s.accuracy or 0), s.latency_ms))
    if not tolerance:
        return least
    enough_j = (least.energy_j or 0) * (1 + tolerance)
    as_good = [s for s in meeting if (s.energy_j or 0) <= enough_j]
    return min(as_good, key=lambda s: (s.latency_ms, s.energy_j, -(s.accuracy or 0)))


@given(
    Rows,
    st.floats(0, 12),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.sampled_from([None, 0.2, 0.4]),
    st.sampled_from([0.0, 0.3, 0.9]),
)
def test_the_staircase_against_brute_force(
    rows: list[tuple[float, float, float]],
    threshold: float,
    margin: float,
    floor: float | None,
    tolerance: float,
) -> None:
    front = front_of(rows)
    if floor is not None and max(a / 10 for _, _, a in rows) < floor:
        with pytest.raises(ConfigurationError, match="best fidelity"):
            policies.build("dynasplit", front, margin=margin, min_fidelity=floor)
        return
    policy = policies.build(
        "dynasplit", front, margin=margin, min_fidelity=floor, energy_tolerance=tolerance
    )
    for t in (threshold, *(r[0] for r in rows), *(r[0] * (1 + margin) for r in rows)):
        chosen, expected = policy.choose(t), brute_force(front, t, margin, floor or 0.0, tolerance)
        assert (chosen.latency_ms, chosen.energy_j, chosen.accuracy) == (
            expected.latency_ms,
            expected.energy_j,
            expected.accuracy,
        )


@pytest.mark.parametrize("name", PER_POLICY)
@given(rows=Rows, thresholds=st.lists(st.floats(0.1, 20), max_size=30))
def test_an_array_is_served_as_its_elements(
    name: str, rows: list[tuple[float, float, float]], thresholds: list[float]
) -> None:
    policy = policies.build(name, front_of(rows))
    assert policy.name == name
    found = policy.choose_many(np.array(thresholds, dtype=np.float64))
    assert [policy.choices[i] for i in found] == [policy.choose(t) for t in thresholds]
    assert policy.feasible_above_ms == min(t for t, _, _ in rows)


def test_the_five_on_one_front() -> None:
    front = front_of([(10, 90, 5), (20, 50, 5), (40, 20, 5), (80, 60, 9)])
    expected = {"cloud_only": 0, "edge_only": 3, "fastest": 0, "least_energy": 2, "dynasplit": 1}
    found = {n: policies.build(n, front).choose(25.0).configuration.split_point for n in expected}
    assert found == expected
    assert set(policies.available(front).values()) == {None}


def test_a_quantile_counts_repeats() -> None:
    def run(k: int, latency: float, energy: float, repeat: int) -> Measurement:
        return Measurement(
            configuration=Configuration(k), latency_ms=latency, energy_j=energy, repeat=repeat
        )

    spread = [run(1, t, 5, i) for i, t in enumerate([10, 10, 10, 30, 30])]
    runs = [run(0, 9, 50, 0), *spread]
    front = ParetoFront.build(runs, model="m", last_split_point=1, source="measured")
    by_median = policies.build("dynasplit", front)
    careful = policies.build("dynasplit", front, quantile=0.9)
    assert by_median.choose(20.0).configuration == Configuration(1)
    assert careful.choose(20.0).configuration == Configuration(0)
    assert careful.choose(30.0).configuration == Configuration(1)


def test_without_energy_what_needs_it_is_not_available(foreign_runs: list[Measurement]) -> None:
    front = ParetoFront.build(foreign_runs, model="m", last_split_point=5, source="measured")
    reasons = policies.available(front)
    assert {n for n, why in reasons.items() if why is None} == {"fastest"}
    for name in ("dynasplit", "least_energy"):
        with pytest.raises(ConfigurationError, match="no measured energy"):
            policies.build(name, front)
    with pytest.raises(ConfigurationError, match="last split point"):
        policies.build("edge_only", front)


def test_what_is_refused_says_what_is_allowed() -> None:
    front = front_of([(1, 1, 1)])
    without = dataclasses.replace(
        front,
        quality=None,
        summaries=tuple(
            dataclasses.replace(s, accuracy=None, fidelity=None) for s in front.summaries
        ),
    )
    for name, options, words in [
        ("best", {}, "there are: cloud_only, dynasplit, edge_only, fastest, least_energy"),
        ("dynasplit", {"speed": 1}, "it has: quantile, margin, energy_tolerance, max_acc"),
        ("fastest", {"margin": 0.1}, "it has: none"),
        ("dynasplit", {"quantile": 1.5}, "allowed: 0 to 1"),
        ("dynasplit", {"margin": -0.1}, "allowed: 0 to 10"),
        ("dynasplit", {"energy_tolerance": 1}, "allowed: 0 to 1"),
        ("dynasplit", {"margin": math.nan}, "allowed: 0 to 10"),
        ("dynasplit", {"min_fidelity": 70}, "allowed: 0 to 1"),
        ("dynasplit", {"max_accuracy_loss": -1}, "allowed: 0 to 100"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            policies.build(name, front, **options)
    with pytest.raises(ConfigurationError, match="fidelity was not measured"):
        policies.build("dynasplit", without, min_fidelity=0.5)
