"""Intervals: they cover the truth where energies lie in two clusters, and counts are enough."""

from dataclasses import replace

import numpy as np
import pytest

from dynasplit.accounting import build
from dynasplit.core.intervals import Pairs, of_mean, of_saving, of_share
from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.online.headlines import headlines
from dynasplit.online.metered import mean_of
from dynasplit.online.policy_figures import summarise_requests

CLOUD_J, EDGE_J = 69.0, 2.4


def two_clusters(n: int, seed: int, share: float = 0.25) -> Pairs:
    """Requests of which a share goes to the cloud, as on the published testbed."""
    random = np.random.default_rng(seed)
    baseline = CLOUD_J * random.normal(1, 0.02, n)
    values = np.where(random.random(n) < share, baseline, EDGE_J * random.normal(1, 0.02, n))
    return Pairs(values, baseline, np.ones(n, dtype=np.int64))


def test_the_saving_s_interval_covers_the_truth_of_two_clusters() -> None:
    truth = 1 - (0.25 * CLOUD_J + 0.75 * EDGE_J) / CLOUD_J
    found = [of_saving(two_clusters(50, seed)) for seed in range(1000)]
    covered = np.mean([low <= truth <= high for low, high in found])
    assert 0.94 <= covered <= 0.99
    assert np.median([high - low for low, high in found]) < 0.25


def test_a_share_s_interval_is_wilson_s() -> None:
    assert of_share(48, 50) == pytest.approx((0.8654, 0.9890), abs=1e-4)
    assert of_share(50, 50) == pytest.approx((0.9287, 1.0), abs=1e-4)
    low, _ = of_share(0, 50)
    assert low == 0


def test_counts_stand_for_repeated_values() -> None:
    values, counts = np.array([2.0, 70.0]), np.array([37, 13])
    each = of_mean(np.repeat(values, counts), np.ones(50, dtype=np.int64))
    assert of_mean(values, counts) == pytest.approx(each)
    assert each is not None
    assert each[0] < 37 * 2 / 50 + 13 * 70 / 50 < each[1]


def test_large_samples_have_student_s_interval() -> None:
    values = np.random.default_rng(0).normal(10, 2, 10**6)
    low, high = of_mean(values, np.ones(10**6, dtype=np.int64))
    assert (low + high) / 2 == pytest.approx(values.mean(), rel=1e-6)
    assert (high - low) / 2 == pytest.approx(1.96 * 2 / 1000, rel=0.01)


def test_what_tells_nothing_has_no_interval_or_no_width() -> None:
    one = np.ones(1, dtype=np.int64)
    assert of_mean(np.array([5.0]), one) is None
    assert of_mean(np.array([5.0]), 9 * one) == (5.0, 5.0)
    assert of_saving(Pairs(np.array([1.0]), np.array([0.0]), 9 * one)) is None


def test_pairs_are_what_makes_it_narrow() -> None:
    found = two_clusters(200, 1, share=1.0)
    low, high = of_saving(Pairs(found.values, found.baseline, found.counts))
    assert (low, high) == pytest.approx((0, 0), abs=1e-9)
    low, high = of_saving(Pairs(found.values, found.baseline[::-1].copy(), found.counts))
    assert high - low > 0.004


def test_requests_of_one_configuration_rest_on_the_same_windows():
    """Serving more of them does not make what meters leave open smaller."""
    windows = [
        Measurement(
            configuration=Configuration.of(22, cpu_mhz=1800, edge_accelerator="max"),
            latency_ms=100.0,
            energy_j=joules,
            edge_energy_j=joules,
            cloud_energy_j=0.0,
            window_s=1.0,
            inferences=10,
            uncertainty={"edge_reading_pct": 0.0, "edge_normal_j": 0.3},
        )
        for joules in (1.9, 2.0, 2.1)
    ]
    figures = mean_of(windows)
    assert figures.uncertainty["edge_normal_j"] == pytest.approx(0.3 / 3**0.5)

    def width_j(count):
        rows = [
            ServedRequest(request=i, network="n", policy="p", threshold_ms=1.0, measurement=figures)
            for i in range(count)
        ]
        told = headlines(rows, build("occupied"))["occupied"]["policies"]["p"]["meters_95"]
        low_j, high_j = told["energy_j_mean"]
        return high_j - low_j

    assert width_j(1) == pytest.approx(2 * 1.96 * 0.3 / 3**0.5, rel=0.01)
    assert width_j(100) == pytest.approx(width_j(1))


def test_under_each_accounting_savings_have_their_interval_over_requests():
    """Under the run's own it is that of the policies' block; none where energies are not known."""
    rows = [
        ServedRequest(
            request=i,
            network="n",
            policy=policy,
            threshold_ms=1.0,
            measurement=Measurement(
                configuration=Configuration(split_point=1),
                latency_ms=1.0,
                energy_j=(1.0 if policy == "cloud_only" else 0.2 + 0.1 * (i % 4)),
            ),
        )
        for policy in ("cloud_only", "dynasplit")
        for i in range(12)
    ]
    told = headlines(rows, build("occupied"))
    own = told["occupied"]["policies"]["dynasplit"]["confidence_95"]
    expected = summarise_requests(rows)["dynasplit"]["confidence_95"]
    for name in ("energy_j_mean", "energy_saving_vs_cloud_pct"):
        assert own[name] == pytest.approx(expected[name])
        assert own[name][0] < own[name][1]
    rows[-1] = replace(rows[-1], measurement=replace(rows[-1].measurement, energy_j=None))
    own = headlines(rows, build("occupied"))["occupied"]["policies"]["dynasplit"]["confidence_95"]
    assert own == {"energy_j_mean": None, "energy_saving_vs_cloud_pct": None}
