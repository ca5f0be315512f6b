"""Thresholds: their distributions, that parts equal the whole, and what their number changes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.errors import ConfigurationError
from dynasplit.online import workloads
from dynasplit.online.workload import Thresholds, requests_of
from dynasplit.online.workloads import Known, Order

KNOWN = Known.of([426.0, 90.6, 5026.8, 439.0])
CLASSES = [
    {"name": "alarm", "share": 0.1, "threshold_ms": 120},
    {"name": "view", "share": 0.9, "distribution": {"kind": "uniform", "min_ms": 200}},
]
DRAWN = {
    "weibull": {},
    "reference": {},
    "uniform": {},
    "lognormal": {},
    "classes": {"classes": CLASSES},
}


def drawn(kind: str, count: int, seed: int = 0, **options) -> Thresholds:
    order = Order(count=count, seed=seed, known=KNOWN, network="vgg16")
    return workloads.build(kind, order, **(DRAWN.get(kind, {}) | options))


def whole(kind: str, count: int, seed: int = 0, **options) -> np.ndarray:
    return drawn(kind, count, seed, **options).part(0, count)


@pytest.mark.parametrize("kind", DRAWN)
def test_any_part_equals_the_whole(kind: str) -> None:
    thresholds = drawn(kind, 10_000, 7)
    assert np.array_equal(thresholds.part(1234, 5678), whole(kind, 10_000, 7)[1234:5678])
    assert thresholds.indices(1234, 5678)[0] == 1234


@pytest.mark.parametrize("kind", sorted(set(DRAWN) - {"reference"}))
def test_a_threshold_follows_from_the_seed_and_its_number_alone(kind: str) -> None:
    assert np.array_equal(whole(kind, 50, 3), whole(kind, 100_000, 3)[:50])
    assert not np.array_equal(whole(kind, 50, 3), whole(kind, 50, 4))


def test_only_the_published_way_depends_on_how_many_are_drawn() -> None:
    assert not np.allclose(whole("reference", 50, 3), whole("reference", 100_000, 3)[:50])
    assert "50 drawn, then rescaled" in drawn("reference", 50).words


@given(st.integers(2, 400), st.integers(0, 2**63), st.sampled_from([0.5, 1.0, 2.0]))
def test_a_published_sample_spans_what_is_known(n: int, seed: int, shape: float) -> None:
    found = whole("reference", n, seed, shape=shape)
    assert found.shape == (n,)
    assert found.min() == pytest.approx(90.6)
    assert found.max() == pytest.approx(5026.8)


def test_the_published_way_draws_what_it_drew() -> None:
    found = whole("reference", 50, 1)
    assert hashlib.sha256(found.tobytes()).hexdigest()[:12] == "c077e18912ab"


def test_weibull_begins_at_the_fastest_and_has_the_slowest_as_its_quantile() -> None:
    for shape in (0.5, 1.0, 2.0):
        found = whole("weibull", 200_000, 3, shape=shape)
        assert found.min() == pytest.approx(90.6, rel=0.05)
        assert (found > 5026.8).mean() == pytest.approx(0.01, abs=0.001)
    found = whole("weibull", 200_000, 3)
    scale = (5026.8 - 90.6) / np.log(100)
    for share in (0.1, 0.5, 0.9):
        expected = 90.6 - scale * np.log(1 - share)
        assert np.quantile(found, share) == pytest.approx(expected, rel=0.02)
    assert (whole("weibull", 200_000, slowest_quantile=0.9) > 5026.8).mean() > 0.09


def test_uniform_and_lognormal_lie_as_they_say() -> None:
    even = whole("uniform", 100_000)
    assert (even.min(), even.max()) == pytest.approx((90.6, 5026.8), rel=0.01)
    assert even.mean() == pytest.approx((90.6 + 5026.8) / 2, rel=0.01)
    skewed = whole("lognormal", 200_000)
    assert (skewed < 90.6).mean() == pytest.approx(0.01, abs=0.001)
    assert (skewed > 5026.8).mean() == pytest.approx(0.01, abs=0.001)
    assert np.median(skewed) == pytest.approx(np.sqrt(90.6 * 5026.8), rel=0.02)


def test_classes_have_their_shares_and_their_thresholds() -> None:
    found = whole("classes", 100_000)
    alarms = found == 120
    assert alarms.mean() == pytest.approx(0.1, abs=0.005)
    assert found[~alarms].min() == pytest.approx(200, rel=0.01)
    assert found[~alarms].mean() == pytest.approx((200 + 5026.8) / 2, rel=0.02)
    assert "alarm 10 %: 120 ms" in drawn("classes", 5).words


def test_stated_thresholds_are_taken_in_their_order_as_many_as_are_asked_for(tmp_path) -> None:
    found = drawn("stated", 2, thresholds_ms=[300.0, 100.0, 200.0])
    assert found.part(0, 2).tolist() == [300.0, 100.0]
    assert "the first 2 of 3" in found.words
    path = tmp_path / "workload.csv"
    path.write_text("Index,Network,Latency\n7,vgg16,98.9\n3,vgg16,50\n")
    rows = requests_of(drawn("file", None, file=str(path)), "ignored")
    assert [(r.index, r.network, r.threshold_ms) for r in rows] == [
        (7, "vgg16", 98.9),
        (3, "vgg16", 50.0),
    ]


def test_requests_are_numbered() -> None:
    requests = requests_of(drawn("weibull", 50, 1), "vgg16")
    assert [r.index for r in requests] == list(range(50))
    assert {r.network for r in requests} == {"vgg16"}
    assert requests_of(drawn("reference", 1), "vgg16")[0].threshold_ms == 90.6


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("weibull", {"min_ms": 0.0}, "0 < min_ms"),
        ("weibull", {"min_ms": 3.0, "max_ms": 2.0}, "0 < min_ms"),
        ("reference", {"max_ms": np.inf}, "0 < min_ms"),
        ("weibull", {"shape": 0.0}, "above 0"),
        ("weibull", {"slowest_quantile": 0.2}, "above 0.5"),
        ("uniform", {"shape": 2.0}, "no option workload.shape; it has: min_ms, max_ms"),
        ("stated", {"thresholds_ms": [5.0, -1.0]}, "each above 0"),
        ("stated", {"thresholds_ms": []}, "at least one"),
        ("classes", {"classes": []}, "at least one class"),
        ("classes", {"classes": CLASSES[:1]}, "add up to 0.1"),
        ("classes", {"classes": [{"name": "a", "share": 1}]}, "threshold_ms above 0"),
        ("classes", {"classes": [{"name": "a", "share": 1, "threshold_ms": -5}]}, "above 0"),
        ("classes", {"classes": [{"name": "a", "share": 2, "threshold_ms": 5}]}, "up to 1"),
        ("nope", {}, "there are: classes, file"),
    ],
)
def test_what_cannot_be_drawn(kind: str, options: dict, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        drawn(kind, 5, **options)


def test_no_request_at_all_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1 or more"):
        drawn("weibull", 0)


def test_a_folder_of_extensions_may_have_further_ones(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "workloads").mkdir()
    (tmp_path / "workloads" / "twice.py").write_text(
        "from dynasplit.online.workloads import stated\n"
        "def build(order, *, allowed_ms=1.0):\n"
        "    return stated.build(order, thresholds_ms=[allowed_ms, 2 * allowed_ms])\n"
    )
    monkeypatch.setattr(workloads, "__path__", [*workloads.__path__, str(tmp_path / "workloads")])
    assert "twice" in workloads.names()
    assert drawn("twice", None, allowed_ms=7.0).part(0, 2).tolist() == [7.0, 14.0]
