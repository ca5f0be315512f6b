"""What every knob must do, on every kind of host that offers it.

A new file in hosts/knobs is found by itself; it needs a place below that offers it.
"""

import os
from pathlib import Path

import pytest

from hosts.agents.open_machine import open_machine
from hosts.agents.restorable_knobs import RestorableKnobs
from hosts.core.errors import KnobError
from hosts.knobs.base import build, names_on_hosts
from hosts.machine.base import Machine
from hosts.machine.real import RealMachine
from tests.hosts.pstate import PSTATE


class RealOnTree(RealMachine):
    """The real machine, its files below a folder of the test."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root


def pstate_tree(root: Path) -> None:
    """cpufreq files as intel_pstate in active mode shows them: no userspace governor."""
    policy = root / "sys/devices/system/cpu/cpufreq/policy0"
    policy.mkdir(parents=True)
    for name, text in PSTATE.items():
        (policy / name).write_text(text + "\n")


def board_machine(variables: dict[str, str]) -> Machine:
    os.environ.update(variables)
    return open_machine()


HOME = {"cpu_mhz": "edge", "edge_accelerator": "edge", "cloud_gpu": "cloud"}


def test_every_knob_has_a_host_here():
    assert sorted(HOME) == sorted(names_on_hosts())


@pytest.fixture
def knob(request, board_host):
    return build(request.param, open_machine())


EVERY = pytest.mark.parametrize(
    ("board_host", "knob"), [(HOME[name], name) for name in HOME], indirect=True, ids=list(HOME)
)


@EVERY
class TestKnob:
    def test_reads_one_of_the_values_it_offers(self, knob):
        assert knob.read() in knob.allowed()

    def test_holds_each_value_that_it_offers_after_writing_it(self, knob):
        for value in (*knob.allowed(), *reversed(knob.allowed())):
            knob.write(value)
            assert knob.holds(value)
            assert knob.read() == value
            assert not any(knob.holds(other) for other in knob.allowed() if other != value)

    def test_refuses_what_it_does_not_offer_and_names_what_it_does(self, knob):
        before = knob.read()
        with pytest.raises(KnobError, match=f"{knob.name}=.* asked; this host offers: "):
            knob.write("nonsense" if isinstance(before, str) else 123457)
        assert knob.read() == before

    def test_restores_the_state_before(self, knob):
        before, first = knob.snapshot(), knob.read()
        for value in knob.allowed():
            knob.write(value)
        knob.restore(before)
        assert knob.snapshot() == before
        assert knob.read() == first


def test_an_unknown_knob_names_those_there_are():
    with pytest.raises(KnobError, match="there are: cpu_mhz, edge_accelerator, cloud_gpu"):
        build("fan_speed", RealMachine())


def test_the_frequency_is_clamped_where_there_is_no_userspace_governor(tmp_path):
    pstate_tree(tmp_path)
    policy = tmp_path / "sys/devices/system/cpu/cpufreq/policy0"
    knob = build("cpu_mhz", RealOnTree(tmp_path))
    before = knob.snapshot()
    knob.write(3000)
    assert (policy / "scaling_min_freq").read_text().strip() == "3000000"
    knob.restore(before)
    assert knob.snapshot() == {k: v.strip() for k, v in before.items()}


def test_800_is_not_taken_for_1800000_khz(tmp_path):
    """A frequency that is part of the current one's digits must still be set."""
    pstate_tree(tmp_path)
    policy = tmp_path / "sys/devices/system/cpu/cpufreq/policy0"
    (policy / "scaling_available_frequencies").write_text("800000 1800000 3000000")
    (policy / "scaling_cur_freq").write_text("1800000")
    knob = build("cpu_mhz", RealOnTree(tmp_path))
    with pytest.raises(KnobError, match="cpu_mhz=800 asked, 1800 read back"):
        knob.write(800)


def test_a_frequency_that_drifts_is_noticed_after_the_run(board_host, tmp_path):
    machine = open_machine()
    knobs = RestorableKnobs(("cpu_mhz",), machine, tmp_path / "record.json")
    knobs.apply({"cpu_mhz": 1200})
    knobs.check({"cpu_mhz": 1200})
    foreign = machine.root / "sys/devices/system/cpu/cpufreq/policy0/scaling_setspeed"
    foreign.write_text("600000")
    machine.settle()
    with pytest.raises(KnobError, match="cpu_mhz=1200 was set before the run, 600 is read"):
        knobs.check({"cpu_mhz": 1200})


def test_the_state_before_is_recorded_and_the_next_start_restores_it(board_host, tmp_path):
    record = tmp_path / "record.json"
    machine = open_machine()
    crashed = RestorableKnobs(("cpu_mhz", "edge_accelerator"), machine, record)
    before = {n: build(n, machine).snapshot() for n in ("cpu_mhz", "edge_accelerator")}
    crashed.apply({"cpu_mhz": 600, "edge_accelerator": "max"})
    assert record.is_file()
    next_start = RestorableKnobs(("cpu_mhz", "edge_accelerator"), machine, record)
    assert next_start.restore() is True
    assert {n: build(n, machine).snapshot() for n in before} == before
    assert not record.exists()
    assert next_start.restore() is False


def test_a_damaged_record_is_named_and_not_ignored(board_host, tmp_path):
    record = tmp_path / "record.json"
    record.write_text("{")
    with pytest.raises(KnobError, match="check the host's settings by hand"):
        RestorableKnobs(("cpu_mhz",), open_machine(), record).restore()
