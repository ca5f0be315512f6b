"""Gates on emulated boards: none alarms on quiet ones, with noise or without; a fault is named."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from dynasplit.core.errors import WindowInvalid
from dynasplit.core.power_trace import Trace
from dynasplit.core.space import Configuration
from dynasplit.testbed import window_times
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.around import Around
from dynasplit.testbed.baseline import Baselines
from dynasplit.testbed.energy import EnergyRules, energies_of
from dynasplit.testbed.gates.base import gates
from dynasplit.testbed.judging import Findings, GateRules, judge
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.opening import ssh_testbed
from hosts.emulation.asked_faults import completed
from hosts.emulation.hardware import Noise
from hosts.emulation.profile import load_profile
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules
from tests.system.test_emulated_figures import ENERGY, RULES, Pair, pair_of, space, traces

EVERY = GateRules(dict.fromkeys(gates(), "warn"))


class Meters:
    """A board's meter as a host's meters give it."""

    def __init__(self, meter) -> None:
        self.meter, self.headers, self.counted, self.period_s = meter, {}, ("wall",), 0.1

    def since(self, from_ns, start_ns, end_ns):
        readings = [r for r in self.meter.readings(0) if from_ns <= r[0] <= end_ns]
        times_s = np.array([(t - start_ns) / 1e9 for t, _ in readings])
        return {"wall": Trace(times_s, np.array([float(f"{w:.6g}") for _, w in readings]), 0.1)}


def around_of(pair: Pair) -> Around:
    hosts = [
        SimpleNamespace(
            role=role,
            meters=Meters(meter),
            address=SimpleNamespace(knobs=()),
            agent=SimpleNamespace(started=SimpleNamespace(facts={"node": "n"})),
            is_emulated=True,
        )
        for role, meter in (("edge", pair.edge_meter), ("cloud", pair.cloud_meter))
    ]
    return Around(tuple(hosts), RULES, Baselines(ENERGY, EVERY))


def findings(profile, configurations: list[Configuration]) -> list[Findings]:
    """What the gates find of windows one after another."""
    found = []
    with pair_of(profile) as pair:
        around = around_of(pair)
        for i, c in enumerate(configurations):
            report = pair.run(c, f"{c}|{i}")
            both = {
                "edge": traces(pair.edge_meter, window_times.edge_window_ns(report)),
                "cloud": traces(pair.cloud_meter, window_times.cloud_window_ns(report)),
            }
            since = around.since(report)
            energies = energies_of(report, both["edge"], both["cloud"], pair.idle_w, ENERGY)
            none = {"edge": [], "cloud": []}
            window = around.window(str(c), c, report, both, since, energies, none)
            found.append(judge(EVERY, window))
            around.passed(window)
    return found


def quiet(profile):
    """Without any noise, of boards and meters."""

    def ideal(board):
        meter = msgspec.structs.replace(board.meter, gain_pct=0.0, noise_pct=0.0)
        return msgspec.structs.replace(board, meter=meter)

    return msgspec.structs.replace(
        profile, noise=Noise(), edge=ideal(profile.edge), cloud=ideal(profile.cloud)
    )


@pytest.mark.medium
@pytest.mark.parametrize("kind", ["as published", "without noise"])
def test_no_gate_alarms_on_quiet_boards(kind):
    """Each configuration twice in a row, so that a board without noise repeats itself."""
    profile = load_profile("pi4_coral_v100")
    profile = profile if kind == "as published" else quiet(profile)
    some = [c for c in space().configurations[::31] for _ in range(2)]
    found = findings(profile, some)
    assert [f.words for f in found if f.flags] == []
    figures = {name for f in found for name in f.figures}
    assert {"frozen_pct", "negative_w", "impossible_w", "steady_pct", "energy_ci_pct"} <= figures


@pytest.mark.medium
def test_a_meter_that_freezes_is_named_and_its_windows_do_not_count(tmp_path):
    manifest = prepare(PrepareOrder("digits_cnn", images=12), print)
    addresses = (
        HostAddress(knobs=("cpu_mhz",), meters=(MeterSpec("board"),)),
        HostAddress(knobs=("cloud_gpu",), meters=(MeterSpec("board"),)),
    )
    faults = completed(["frozen_meter"])
    configuration = Configuration.of(7, cpu_mhz=1800)
    rules, energy = WindowRules(), EnergyRules(baseline_every=2)
    plain = GateRules({"frozen": "warn"})
    with (
        loopback_hosts(*addresses, profile="quick", faults=faults) as hosts,
        ssh_testbed(*hosts, manifest, rules, energy, tmp_path, plain) as testbed,
    ):
        testbed.edge.compile_head = None
        runs = [testbed.measure(configuration, repeat=i) for i in range(3)]
        assert [run.flags for run in runs] == [("fault_frozen_meter", "frozen")] * 3
        assert runs[0].gates["frozen_pct"] == 100
        assert runs[0].gates["idle_steady_pct"] == 0
        testbed.gates = GateRules()
        with pytest.raises(WindowInvalid, match=r"gate frozen: edge wall: all \d+ readings since"):
            testbed.measure(configuration, repeat=3)
        assert len((tmp_path / "baselines.jsonl").read_text().splitlines()) == 4  # before and due
    kept = (tmp_path / "baselines.jsonl").read_bytes().splitlines()
    lines = [msgspec.json.decode(line) for line in kept]
    assert [line["host"] for line in lines] == ["edge", "cloud"] * 3  # and after
    assert lines[0]["idle_w"] == lines[2]["idle_w"]
    assert runs[1].channels["edge_wall_idle_w"] == lines[0]["idle_w"]
    assert runs[1].edge_idle_w == lines[0]["idle_w"]  # the run was in the state that it started in
