"""A front's energies have their intervals, in its file too; without them it is as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from dynasplit.core.errors import DataError
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.front.known_to import with_intervals
from dynasplit.front.pareto_front import ParetoFront

STATED = {"edge_reading_pct": 1.0, "edge_normal_j": 0.0}


def run(split: int, latency_ms: float, energy_j: float, **more) -> Measurement:
    return Measurement(
        configuration=Configuration.of(split),
        latency_ms=latency_ms,
        energy_j=energy_j,
        edge_energy_j=energy_j,
        cloud_energy_j=0.0,
        **more,
    )


def front_of(runs) -> ParetoFront:
    return ParetoFront.build(runs, model="net", last_split_point=3, source="measured")


def test_members_have_the_intervals_of_their_meters(tmp_path: Path):
    runs = [run(1, 10, 4.0, uncertainty=STATED), run(2, 20, 2.0, uncertainty=STATED)]
    front = with_intervals(front_of(runs), runs)
    bounds = [(s.energy_low_j, s.energy_high_j) for s in front.summaries]
    assert bounds[0] == pytest.approx((4 - 0.038, 4 + 0.038), rel=1e-3)
    assert bounds[1] == pytest.approx((2 - 0.019, 2 + 0.019), rel=1e-3)
    front.save(tmp_path / "front.json")
    assert ParetoFront.load(tmp_path / "front.json") == front


def test_runs_of_unknown_uncertainty_change_nothing(tmp_path: Path):
    runs = [run(1, 10, 4.0), run(2, 20, 2.0)]
    front = with_intervals(front_of(runs), runs)
    assert front == front_of(runs)
    front.save(tmp_path / "front.json")
    assert "energy_low_j" not in (tmp_path / "front.json").read_text()


@pytest.mark.parametrize("bounds", [(3.0, 2.0), (1.0, None), (-1.0, 2.0)])
def test_bounds_that_cannot_be_are_refused(tmp_path: Path, bounds):
    front = front_of([run(1, 10, 4.0)])
    low_j, high_j = bounds
    (one,) = front.summaries
    bad = replace(front, summaries=(replace(one, energy_low_j=low_j, energy_high_j=high_j),))
    bad.save(tmp_path / "front.json")
    with pytest.raises(DataError, match="both in this order"):
        ParetoFront.load(tmp_path / "front.json")
