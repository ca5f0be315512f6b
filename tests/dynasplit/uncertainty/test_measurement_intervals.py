"""Intervals of measurements under accountings, and of configurations by their runs."""

from dataclasses import replace

import numpy as np
import pytest

from dynasplit.accounting import build
from dynasplit.accounting._view import viewed
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.uncertainty.means import mean_parts
from dynasplit.uncertainty.measurements import interval, parts_of
from dynasplit.uncertainty.repeats import configuration_intervals, spread_of

ONE = Measurement(
    configuration=Configuration.of(3),
    latency_ms=500.0,
    energy_j=2.0 + 10.0,
    edge_energy_j=2.0,
    cloud_energy_j=10.0,
    edge_idle_w=3.0,
    cloud_idle_w=80.0,
    cloud_busy_ms=100.0,
    inferences=10,
    window_s=5.0,
    uncertainty={
        "edge_reading_pct": 1.0,
        "edge_range_w": 0.1,
        "edge_idle_w": 0.0,
        "cloud_reading_pct": 2.0,
        "cloud_range_w": 0.5,
        "cloud_idle_w": 0.01,
        "cloud_normal_j": 0.03,
        "cloud_even_j": 0.2,
        "cloud_swing_j": 0.0,
    },
)


def parts(accounting: str):
    found = parts_of(viewed([ONE], build(accounting))[0])
    assert found is not None
    return found


def test_by_occupied_the_meters_act_while_hosts_are_occupied():
    edge, cloud = parts("occupied")
    assert edge == pytest.approx((0.02, 0.05, 0.0, 0.0, 0.0))
    assert cloud[:4] == pytest.approx((0.2, 0.05, 0.2, 0.0))
    assert cloud.normal == pytest.approx(np.hypot(0.03, 0.01 * 0.4))


def test_by_active_the_error_of_the_range_is_in_both_and_falls_out():
    edge, cloud = parts("active")
    assert (edge.range, cloud.range) == (0.0, 0.0)
    assert cloud.reading == pytest.approx(0.02 * (10.0 - 80.0 * 0.1))
    assert cloud.even == 0.2


def test_by_wall_idle_power_is_the_window_s_own():
    _, cloud = parts("wall")
    assert cloud.range == pytest.approx(0.5 * 0.5)
    assert cloud.normal == pytest.approx(0.03)


def test_without_a_window_the_cloud_s_idle_power_is_the_baseline_s():
    known = {k: v for k, v in ONE.uncertainty.items() if not k.endswith("_j")}
    idle = replace(ONE, energy_j=2.0, cloud_energy_j=0.0, cloud_busy_ms=0.0, uncertainty=known)
    found = parts_of(viewed([idle], build("wall"))[0])
    assert found is not None
    assert found[1] == pytest.approx((0.02 * 40.0, 0.25, 0.0, 0.0, 0.01 * 0.5))
    at_rest = parts_of(idle)
    assert at_rest is not None
    assert sum(at_rest[1]) == 0


def test_one_machine_is_its_edge():
    one = replace(ONE, energy_j=2.0, edge_energy_j=None, cloud_energy_j=None)
    assert interval(one) == pytest.approx((1.9442, 2.0558), abs=0.001)


def test_what_is_not_known_has_no_interval():
    assert interval(replace(ONE, uncertainty={})) is None
    assert interval(replace(ONE, energy_j=None)) is None
    half = {k: v for k, v in ONE.uncertainty.items() if k.startswith("edge")}
    assert interval(replace(ONE, uncertainty=half)) is None


def test_repeats_make_their_spread_smaller_but_not_the_meters_errors():
    few, many = (_interval_of_runs(n) for n in (2, 200))
    meters = interval(replace(ONE, uncertainty=_instruments()))
    assert meters is not None
    assert few[1] - few[0] > many[1] - many[0]
    assert many[1] - many[0] == pytest.approx(meters[1] - meters[0], rel=0.05)


def test_one_outlier_does_not_widen_the_spread_of_all():
    random = np.random.default_rng(5)
    runs = [list(10 * (1 + 0.01 * random.standard_normal(4))) for _ in range(50)]
    runs[7][0] *= 1.4
    found = spread_of(runs)
    assert found is not None
    assert found.freedom == 150
    assert found.relative == pytest.approx(0.01, rel=0.2)


def test_without_repeats_the_window_s_own_interval_stands():
    assert spread_of([[1.0], [2.0]]) is None
    found = configuration_intervals([ONE], [ONE.configuration])
    assert found[ONE.configuration] == pytest.approx(interval(ONE))


def test_a_few_repeats_widen_as_student_s_t():
    spread = spread_of([[1.0, 1.1]])
    assert spread is not None
    assert spread.u_j(1.0, 2) > 6 * spread.relative / np.sqrt(2)


def _instruments() -> dict[str, float]:
    kept = ("reading_pct", "range_w")
    return {k: v for k, v in ONE.uncertainty.items() if k.endswith(kept)} | {
        "edge_idle_w": 0.0,
        "cloud_normal_j": 0.0,
    }


def _interval_of_runs(count: int) -> tuple[float, float]:
    random = np.random.default_rng(4)
    factors = 1 + 0.02 * random.standard_normal(count)
    runs = [
        replace(
            ONE,
            repeat=i,
            energy_j=12 * f,
            edge_energy_j=2 * f,
            cloud_energy_j=10 * f,
            uncertainty=_instruments(),
        )
        for i, f in enumerate(factors)
    ]
    return configuration_intervals(runs, [ONE.configuration])[ONE.configuration]


def test_meters_errors_do_not_average_out_over_requests_and_windows_own_do():
    rule = build("occupied")
    one, many = mean_parts([ONE], rule), mean_parts([ONE] * 400, rule)
    assert one is not None
    assert many is not None
    assert many.instruments_j == pytest.approx(one.instruments_j)
    assert many.variance_j2 == pytest.approx(one.variance_j2 / 400)


def test_an_error_that_both_share_falls_out_of_a_saving():
    rule = build("occupied")
    mine, cloud = mean_parts([ONE] * 9, rule), mean_parts([ONE] * 9, rule)
    assert mine is not None
    assert cloud is not None
    found = mine.saving_pct(replace(cloud, variance_j2=0.0))
    assert found is not None
    assert found[1] - found[0] == pytest.approx(
        2 * 1.96 * 100 * np.sqrt(mine.variance_j2) / 12, rel=0.01
    )


def test_a_mean_with_one_run_of_unknown_uncertainty_has_none():
    assert mean_parts([ONE, replace(ONE, uncertainty={})], build("occupied")) is None


def test_a_run_that_many_requests_drew_does_not_average_out():
    rule = build("occupied")
    other = replace(ONE, repeat=1)
    found = mean_parts([ONE, other], rule, np.array([300, 100]))
    each = mean_parts([ONE], rule)
    assert found is not None
    assert each is not None
    assert found.variance_j2 == pytest.approx(each.variance_j2 * (0.75**2 + 0.25**2))
