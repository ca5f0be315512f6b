"""Without noise a configuration has the same energy on every testbed, by each accounting.

Emulated boards with their agents and meters, the profile's model, recorded runs, and their replay.
"""

from pathlib import Path

import pytest

from dynasplit.accounting import build
from dynasplit.accounting._view import viewed
from dynasplit.core.measurement import Measurement
from dynasplit.core.space import Configuration
from dynasplit.front.pareto_front import ParetoFront
from dynasplit.online import policies
from dynasplit.online.policy_figures import policy_blocks
from dynasplit.online.workloads import Known, Order
from dynasplit.online.workloads import build as workload
from dynasplit.replay.replay import Replay
from dynasplit.tables.accounted import under
from dynasplit.tables.io_runs import read_runs, write_runs
from dynasplit.testbed.modelled import ModelledTestbed
from dynasplit.testbed.recorded import RecordedTestbed
from dynasplit.testbed.upkeep import UpkeepRules
from dynasplit.uncertainty.measurements import interval
from hosts.emulation.profile import load_profile
from hosts.wire.window_rules import WindowRules
from tests.judged.in_process import opened
from tests.system.test_attribution_on_boards import exact_meters

pytestmark = pytest.mark.slow
LAST = 22
ACCOUNTINGS = (
    build("occupied"),
    build("active"),
    build("wall"),
    build("shared", share="time", tenants=3),
    build("shared", share="equal", load_rps=2.0),
)
KNOBS = ("cpu_mhz", "edge_accelerator", "cloud_gpu")
CONFIGURATIONS = {
    "cloud_only": Configuration.of(0, **dict(zip(KNOBS, (1800, "off", True), strict=True))),
    "split": Configuration.of(7, **dict(zip(KNOBS, (1200, "max", True), strict=True))),
    "split_cpu": Configuration.of(12, **dict(zip(KNOBS, (1800, "off", False), strict=True))),
    "edge_only": Configuration.of(LAST, **dict(zip(KNOBS, (1800, "max", False), strict=True))),
}


@pytest.fixture(scope="module")
def emulated() -> dict[str, Measurement]:
    rules = WindowRules(min_window_s=120.0, min_inferences=100)
    with opened(exact_meters(load_profile("pi4_coral_v100")), rules=rules) as (testbed, _):
        testbed.keep_up(UpkeepRules(baseline_states=True))
        return {name: testbed.measure(c) for name, c in CONFIGURATIONS.items()}


@pytest.mark.parametrize("rule", ACCOUNTINGS, ids=lambda rule: rule.label)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_testbed_says_the_same(emulated, name, rule, tmp_path: Path):
    measured = emulated[name]
    exact = exact_meters(load_profile("pi4_coral_v100"))
    modelled = ModelledTestbed(exact, "vgg16", accounting=rule).measure(CONFIGURATIONS[name])
    write_runs(tmp_path / "runs.parquet", [measured], model="vgg16", last_split_point=LAST)
    runs = under(read_runs(tmp_path / "runs.parquet"), rule)
    recorded = RecordedTestbed(runs).measure(CONFIGURATIONS[name])
    figures = {
        "emulated": viewed([measured], rule)[0].energy_j,
        "modelled": modelled.energy_j,
        "recorded": recorded.energy_j,
        "replayed": _replayed_j(runs),
    }
    assert None not in figures.values()
    for kind, energy_j in figures.items():
        assert energy_j == pytest.approx(modelled.energy_j, rel=5e-3), (kind, figures)


def test_the_interval_of_what_was_measured_holds_the_model_s_energy(emulated):
    """Without noise nothing is left open but where windows begin."""
    exact = exact_meters(load_profile("pi4_coral_v100"))
    for name, measured in emulated.items():
        span = interval(measured)
        assert span is not None
        expected_j = ModelledTestbed(exact, "vgg16").measure(CONFIGURATIONS[name]).energy_j
        assert span[0] - 1e-6 <= expected_j <= span[1] + 1e-6, (name, span, expected_j)


def _replayed_j(runs) -> float:
    """Mean energy of requests that the only configuration serves."""
    front = ParetoFront.of_runs(runs)
    known = Known(medians_ms=[front.fastest_ms, 2 * front.fastest_ms], reference_ms=[])
    thresholds = workload("uniform", Order(count=100, seed=1, known=known))
    built = {"least_energy": policies.build("least_energy", front)}
    blocks = policy_blocks(Replay.of(built, RecordedTestbed(runs), thresholds).figures())
    return blocks["least_energy"]["energy_j"]["mean"]
