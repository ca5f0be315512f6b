"""The policies' block of summary.json."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasplit.core.measurement import Measurement
from dynasplit.core.served_request import ServedRequest
from dynasplit.core.space import Configuration
from dynasplit.online.policy_figures import Distribution, summarise_requests


def served(policy: str, latency: float, energy: float | None, threshold: float) -> ServedRequest:
    run = Measurement(
        configuration=Configuration(0), latency_ms=latency, energy_j=energy, fidelity=0.5
    )
    return ServedRequest(
        request=0,
        network="m",
        policy=policy,
        threshold_ms=threshold,
        measurement=run,
        infeasible=threshold < 5,
    )


def test_a_block_by_hand() -> None:
    rows = [
        served("dynasplit", 10, 2, 20),
        served("dynasplit", 30, 4, 20),
        served("dynasplit", 50, 6, 4),
        served("cloud_only", 10, 16, 20),
    ]
    blocks = summarise_requests(rows)
    spans = blocks["dynasplit"].pop("confidence_95")
    for name, value in {"met_pct": 100 / 3, "energy_j_mean": 4, "latency_ms_mean": 30}.items():
        assert spans[name][0] < value < spans[name][1], name
    assert spans["energy_saving_vs_cloud_pct"][0] < 75 < spans["energy_saving_vs_cloud_pct"][1]
    assert blocks["dynasplit"] == {
        "requests": 3,
        "met_pct": pytest.approx(100 / 3),
        "infeasible": 1,
        "latency_ms": {"median": 30, "mean": 30, "p95": pytest.approx(48)},
        "energy_j": {"median": 4, "mean": 4},
        "fidelity": 0.5,
        "exceedance_ms_median": 28,
        "energy_saving_vs_cloud_pct": 75,
    }
    assert blocks["cloud_only"]["exceedance_ms_median"] is None
    assert blocks["cloud_only"]["energy_saving_vs_cloud_pct"] == 0


def test_what_is_not_known_is_none() -> None:
    block = summarise_requests([served("fastest", 10, None, 20)])["fastest"]
    assert block["energy_j"] == {"median": None, "mean": None}
    assert block["energy_saving_vs_cloud_pct"] is None
    assert summarise_requests([]) == {}


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 5)), min_size=1),
    st.floats(0, 1),
)
def test_counted_values_equal_repeated_ones(pairs: list[tuple[float, int]], share: float) -> None:
    values, counts = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    found = Distribution(values, counts)
    repeated = np.repeat(values, counts)
    if not len(repeated):
        assert found.mean() is None
        assert found.quantile(share) is None
        return
    assert found.mean() == pytest.approx(repeated.mean(), rel=1e-9, abs=1e-6)
    assert found.quantile(share) == pytest.approx(np.quantile(repeated, share), rel=1e-9, abs=1e-6)
