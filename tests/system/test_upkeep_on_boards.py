"""What is done between measurements, on emulated boards: the control, idle power by state."""

import msgspec
import pytest

from dynasplit.core.space import Configuration
from dynasplit.testbed.address import HostAddress, MeterSpec
from dynasplit.testbed.controls import read_controls
from dynasplit.testbed.energy import EnergyRules
from dynasplit.testbed.judging import GateRules
from dynasplit.testbed.loopback import loopback_hosts
from dynasplit.testbed.opening import ssh_testbed
from dynasplit.testbed.upkeep import UpkeepRules
from hosts.emulation.asked_faults import completed
from hosts.models.prepare.prepare import PrepareOrder, prepare
from hosts.wire.window_rules import WindowRules

ADDRESSES = (
    HostAddress(knobs=("cpu_mhz", "edge_accelerator"), meters=(MeterSpec("board"),)),
    HostAddress(knobs=("cloud_gpu",), meters=(MeterSpec("board"),)),
)
CONTROL = Configuration.of(7, cpu_mhz=1800, edge_accelerator="off")


@pytest.mark.medium
def test_the_control_shows_drift_and_idle_power_is_of_its_state(tmp_path):
    manifest = prepare(PrepareOrder("digits_cnn", images=12), print)
    load = {"fault": "other_load", "host": "edge", "share": 0.3, "load_w": 0.0, "after_s": 75}
    energy, gates = EnergyRules(baseline_s=10.0), GateRules()
    upkeep = UpkeepRules(control=CONTROL, control_every=2, baseline_states=True)
    open_edge = Configuration.of(3, cpu_mhz=1800, edge_accelerator="max", cloud_gpu=False)
    with (
        loopback_hosts(*ADDRESSES, profile="quick", faults=completed([load])) as hosts,
        ssh_testbed(*hosts, manifest, WindowRules(), energy, tmp_path, gates) as testbed,
    ):
        testbed.keep_up(upkeep)
        shut = testbed.measure(CONTROL)
        assert [run.repeat for run in read_controls(tmp_path)] == [0, 1, 2]
        opened = testbed.measure(open_edge)
        again = testbed.measure(CONTROL, repeat=1)
        testbed._board_ns += 75 * 10**9  # from now on somebody else works there
        for repeat in range(2, 4):
            last = testbed.measure(CONTROL, repeat=repeat)
    assert shut.edge_idle_w == again.edge_idle_w
    assert opened.edge_idle_w > shut.edge_idle_w * 1.1  # an open accelerator idles at more
    kept = [
        msgspec.json.decode(s) for s in (tmp_path / "baselines.jsonl").read_bytes().splitlines()
    ]
    states = {line.get("state", "") for line in kept if line["host"] == "edge"}
    assert {"accelerator off, 1800 MHz", "accelerator max, 1800 MHz"} <= states
    assert "control_drift" not in (*shut.flags, *opened.flags, *again.flags)
    assert again.gates["control_drift_pct"] < 5
    assert "control_drift" in last.flags
    runs = read_controls(tmp_path)
    assert runs[-1].gates["control_drift_pct"] > 20
    assert "the control " in runs[-1].doubtful[0]
