"""Thresholds: their distribution, and that parts equal the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.errors import ConfigurationError
from dynasplit.online.workload import WeibullThresholds, weibull_requests, weibull_thresholds


@given(st.integers(2, 400), st.integers(0, 2**63), st.sampled_from([0.5, 1.0, 2.0]))
def test_the_sample_spans_what_is_asked(n: int, seed: int, shape: float) -> None:
    found = weibull_thresholds(n, 90.6, 5026.8, shape, seed)
    assert found.shape == (n,)
    assert found.min() == pytest.approx(90.6)
    assert found.max() == pytest.approx(5026.8)


def test_shape_1_is_exponential() -> None:
    found = weibull_thresholds(200_000, 0.001, 1000, seed=3)
    scale = found.mean()
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(found, share) / scale == pytest.approx(-np.log(1 - share), rel=0.02)


def test_any_part_equals_the_whole() -> None:
    thresholds = WeibullThresholds(10_000, 5, 500, 1.0, 7)
    whole = weibull_thresholds(10_000, 5, 500, 1.0, 7)
    assert np.array_equal(thresholds.part(1234, 5678), whole[1234:5678])


def test_requests_are_numbered() -> None:
    requests = weibull_requests(50, "vgg16", 90.6, 5026.8, seed=1)
    assert [r.index for r in requests] == list(range(50))
    assert {r.network for r in requests} == {"vgg16"}
    assert weibull_requests(1, "vgg16", 90.6, 5026.8)[0].threshold_ms == 90.6


@pytest.mark.parametrize(
    ("n", "least", "most", "shape"),
    [(0, 1, 2, 1), (5, 0, 2, 1), (5, 3, 2, 1), (5, 1, np.inf, 1), (5, 1, 2, 0)],
)
def test_what_cannot_be_drawn(n: int, least: float, most: float, shape: float) -> None:
    with pytest.raises(ConfigurationError, match="allowed"):
        weibull_thresholds(n, least, most, shape)
